/**
 * A bad sector: bytes that the disk does not give.
 *
 * Always: it is told apart from every other error, since it comes again with the same bytes and with no others.
 */
import { IoError } from "../model/ports.ts";

/** What is read, or undefined where the disk does not give all of it. @throws every other error. */
export async function unlessBad<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof IoError && thrown.code === "EIO") return undefined;
    throw thrown;
  }
}
