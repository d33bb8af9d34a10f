/**
 * Which file is behind a descriptor of the process that this runs in.
 *
 * Part of the preload. Always: a descriptor counts as the file that it was last opened for, also by an open that
 * changes nothing. Terminals, pipes, sockets and devices are no files.
 */
import fs from "node:fs";
import path from "node:path";

export interface OpenFile {
  readonly path: string;
  readonly flags: number;
}

const files = new Map<number, OpenFile>();

/** Remembers what an open gave out: a number, or a handle that has one. */
export function remember(file: OpenFile, given: unknown): void {
  const fd =
    typeof given === "number"
      ? given
      : typeof given === "object" && given !== null
        ? Reflect.get(given, "fd")
        : undefined;
  if (typeof fd === "number" && fd >= 0) files.set(fd, file);
}

/** The file behind a descriptor; undefined for what is none. */
export function fileBehind(fd: unknown): OpenFile | undefined {
  if (typeof fd !== "number") return undefined;
  const known = files.get(fd);
  if (known !== undefined || fd <= 2) return known;
  try {
    // Opened by native code, or before us: only Linux tells.
    const target = fs.readlinkSync(`/proc/self/fd/${fd}`);
    return isFilePath(target) ? { path: target, flags: 0 } : undefined;
  } catch {
    return undefined;
  }
}

export function absolute(file: unknown): string {
  return path.resolve(typeof file === "string" ? file : Buffer.from(file as Uint8Array).toString());
}

function isFilePath(target: string): boolean {
  return target.startsWith("/") && !/^\/(dev|proc|sys)\//.test(target);
}
