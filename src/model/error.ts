/**
 * The one error class of the library: for misuse. What can be expected to fail is a returned value.
 */

/** Why a call was misuse. */
export type HoldfastErrorCode =
  | "bad-argument"
  | "bad-state"
  | "unsupported-platform"
  | "port-in-use"
  | "folder-in-use"
  | "sync-failed";

/**
 * Thrown for misuse only; `message` says what happened, to which thing, and what to do now.
 *
 * @example
 * throw new HoldfastError("bad-argument", "The session id \"../x\" has characters outside [A-Za-z0-9_-]. Use the id that the server returned.");
 */
export class HoldfastError extends Error {
  readonly code: HoldfastErrorCode;

  constructor(code: HoldfastErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HoldfastError";
    this.code = code;
  }
}

/** States what cannot be otherwise; stays on in production. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Holdfast is broken: ${what}. Please report this with the message.`);
}
