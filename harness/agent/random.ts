/** Random ids straight from the system: loading a crypto module would cost more than the rest of the start-up. */
import { closeSync, openSync, readSync } from "node:fs";

/** `bytes` random bytes as lower-case hex. */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const fd = openSync("/dev/urandom", "r");
  try {
    if (readSync(fd, buffer) !== bytes) throw new Error("/dev/urandom gave fewer bytes than asked for");
  } finally {
    closeSync(fd);
  }
  return buffer.toString("hex");
}

/** A random UUID, version 4. */
export function randomUuid(): string {
  const hex = randomHex(16);
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4] ?? "8";
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
