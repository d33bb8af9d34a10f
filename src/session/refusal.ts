/**
 * Why a session takes no prompt now: an expected answer, as a value.
 *
 * Always: it says what stands in the way. What to do about it depends on who asked, so whoever puts it to people
 * (the HTTP shell, the hold of a host) adds that.
 */
export interface Refusal {
  readonly code:
    | "agent-alive"
    | "settling"
    | "tool-alive"
    | "needs-decision"
    | "agent-session-unknown"
    | "hand-over-too-long";
  /** One or two sentences: what is so, and of which thing. */
  readonly message: string;
  /** Further fields, for programs. */
  readonly more: Readonly<Record<string, unknown>>;
}

export function refusal(
  code: Refusal["code"],
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): Refusal {
  return { code, message, more };
}
