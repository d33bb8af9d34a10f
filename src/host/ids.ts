/** Identifiers: 64 random bits, so that two servers, or two lives of one, never make the same. */
import { randomBytes } from "node:crypto";
import type { Ids } from "../model/ports.ts";

export function hostIds(): Ids {
  return { next: () => randomBytes(8).toString("hex") };
}
