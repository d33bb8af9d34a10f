/**
 * What the Linux kernel tells of its processes, in /proc.
 *
 * Always: read synchronously. Nothing here waits for a disk, and to read such a file takes a fraction of the time
 * that it takes to hand its four calls to another thread; a start of the server asks dozens of times.
 * Never: a process that is gone, or that this user may not look at, is no error; its text is empty.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The text of a file, byte for byte; empty when it cannot be read. */
export function procText(path: string): string {
  return orElse(() => readFileSync(path, "latin1"), "");
}

/** Where a link leads; undefined when it cannot be read. */
export function procLink(path: string): string | undefined {
  return orElse(() => readlinkSync(path), undefined);
}

/** More than this many processes are not looked at without letting others have their turn. */
const turnPids = 64;

/** Every process that there is now, with pauses in which other work goes on. */
export async function* procPids(): AsyncGenerator<number, void, void> {
  const names = orElse(() => readdirSync("/proc"), []);
  let looked = 0;
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    yield Number(name);
    looked += 1;
    if (looked % turnPids === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
