/**
 * When the disk under the server failed it, as far as the run made it fail.
 *
 * Always: from the operations that are on record as made to fail, and from the moment at which the disk was mended.
 */
import { fullDisk, type RunRecord } from "../history.ts";
import type { Observation } from "./facts.ts";

/** Was something of the server's disk failing, or full, in the life that answered so? */
export function diskFailsAt({ history, boundaries }: RunRecord, { at }: Pick<Observation, "at">): boolean {
  const starts = history.slice(0, at).flatMap((entry) => (entry.kind === "server-start" ? [entry.life] : []));
  const life = starts.at(-1);
  if (boundaries?.hits.some((hit) => hit.mode === "fail" && hit.life === life) === true) return true;
  // A full disk has room again when it was said to be full.
  return boundaries?.wasFilled === true && history.slice(at).some(isMending);
}

function isMending(entry: RunRecord["history"][number]): boolean {
  return entry.kind === "fault" && entry.at.startsWith(fullDisk);
}
