/**
 * Identifiers: 64 random bits, so that two servers, or two lives of one, never make the same.
 *
 * The bits are taken from the system's generator directly. It is the same source as that of `node:crypto`, which is
 * not loaded for them: that would be a twentieth of what a server's start costs.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { Ids } from "../model/ports.ts";

const idBytes = 8;

export function hostIds(): Ids {
  return { next: () => randomBytes(idBytes).toString("hex") };
}

function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  const source = openSync("/dev/urandom", "r");
  try {
    if (readSync(source, bytes) !== count)
      throw new Error(`The system gave fewer than ${count} random bytes.`);
  } finally {
    closeSync(source);
  }
  return bytes;
}
