/**
 * Answers to a request: a status and plain data; a refusal says what is wrong and what to do now.
 */
import type { Refusal } from "../session/refusal.ts";

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Seconds after which to ask again. */
  readonly retryAfter?: number;
}

export function answer(status: number, body: Readonly<Record<string, unknown>>): Answer {
  return { status, body };
}

/** @param more further fields of the error, for programs. */
export function refuse(
  status: number,
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): Answer {
  return {
    status,
    body: { error: { code, message, ...more } },
    ...(status === 503 ? { retryAfter: 1 } : {}),
  };
}

/** A session's refusal as an answer: with a status, and with what to do now over this interface. */
export function refusedBy(session: string, { code, message, more }: Refusal): Answer {
  const stop = `POST /api/sessions/${session}/stop`;
  switch (code) {
    case "settling":
      return refuse(503, code, `${message} Ask again.`, more);
    case "tool-alive":
    case "agent-alive": {
      const wayOut = `Wait until it ends, or end it with ${stop}.`;
      return refuse(409, code, `${message} ${wayOut}`, { ...more, wayOut });
    }
    case "needs-decision":
      return refuse(
        409,
        code,
        `${message} Look at GET /api/sessions/${session}; decide the unknown calls, or resume with "acknowledge": true.`,
        more,
      );
    case "agent-session-unknown":
      return refuse(
        409,
        code,
        `${message} Look at the session; to start afresh all the same, resume with "acknowledge": true.`,
        more,
      );
    case "hand-over-too-long":
      return refuse(413, code, `${message} Resume with a shorter prompt.`, more);
  }
}
