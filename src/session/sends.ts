/**
 * Which calls a hand-over told of, as its record keeps them.
 *
 * Always: bounded, since ids are the agent's own and a record that is too long for the journal would end the server;
 * the newest calls are kept, and how many are not listed is said. The cut that goes with the hand-over has them all.
 */
import type { HandOver } from "../agent/contract.ts";
import type { HandOverRecord } from "./records.ts";

/** Bytes that the listed calls may take in the record, about 10,000 calls of usual ids. */
export const sendsBytesMax = 1024 * 1024;

/**
 * What goes on record of the calls of a hand-over.
 *
 * @example
 * recordedSends([{ callId: "c1", as: "result", shortened: false }]); // { sends: [the same] }
 */
export function recordedSends(sends: HandOver["sends"]): Pick<HandOverRecord, "sends" | "omitted"> {
  let from = sends.length;
  for (let left = sendsBytesMax; from > 0; from--) {
    left -= bytesOf(sends[from - 1]);
    if (left < 0) break;
  }
  return from === 0 ? { sends } : { sends: sends.slice(from), omitted: from };
}

const encoder = new TextEncoder();

/** With the comma behind it. */
function bytesOf(send: HandOver["sends"][number] | undefined): number {
  return encoder.encode(JSON.stringify(send)).length + 1;
}
