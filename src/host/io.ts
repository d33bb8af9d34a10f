/**
 * Turns what `node:fs` throws into the ports' {@link IoError}.
 *
 * Always: the code of the system (ENOSPC, EIO, …) and the path survive; anything else is passed on untouched.
 */
import { IoError } from "../model/ports.ts";

/** Code of a system error, or undefined for anything else that was thrown. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

/** Wraps a system error; rethrow the result. */
export function asIoError(thrown: unknown, path: string, call: string): unknown {
  const code = errorCode(thrown);
  return code === undefined ? thrown : new IoError(code, path, call, { cause: thrown });
}

/** Runs a file operation; errors named in `absent` are answered with `otherwise`, all others become IoError. */
export async function io<T>(path: string, call: string, work: () => Promise<T>): Promise<T>;
export async function io<T, U>(
  path: string,
  call: string,
  work: () => Promise<T>,
  absent: readonly string[],
  otherwise: U,
): Promise<T | U>;
export async function io<T, U>(
  path: string,
  call: string,
  work: () => Promise<T>,
  absent: readonly string[] = [],
  otherwise?: U,
): Promise<T | U | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (absent.includes(errorCode(thrown) ?? "")) return otherwise;
    throw asIoError(thrown, path, call);
  }
}
