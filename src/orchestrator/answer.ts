/**
 * Answers to a request: a status and plain data; a refusal says what is wrong and what to do now.
 */
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
