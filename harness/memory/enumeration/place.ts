/**
 * Places at which the world can end: before a port call, in one of the states that the disk model allows there.
 *
 * Always: two places with one key leave the same content on the disk and the same processes, and the same has been
 * shown to the same people: whatever comes after one comes after the other.
 */
import type { HistoryEntry } from "../../history.ts";
import type { PortCall } from "../calls.ts";
import type { Crash } from "../crash.ts";
import type { MemoryRun } from "../execute.ts";
import { hashOfBytes, hashOfText } from "../hash.ts";
import { FileNode } from "../nodes.ts";
import { type DiskModel, statesAfterPowerCut } from "../power.ts";
import { Random } from "../random.ts";
import { stepOf } from "../steps.ts";

export interface Place {
  readonly key: number;
  readonly crash: Crash;
  /** The call as a step of the protocol. */
  readonly step: string;
}

export interface PlacesAtCall {
  readonly step: string;
  readonly places: readonly Place[];
  /** False: more states are legal than `statesMax`. */
  readonly complete: boolean;
}

/** All places before this call, as the run stands. */
export function placesAt(call: PortCall, made: MemoryRun, model: DiskModel, statesMax: number): PlacesAtCall {
  const step = stepOf(call);
  const seen = seenSoFar(made, model);
  const place = (state: number | string, crash: Crash): Place => ({
    key: hashOfText(`${state} ${seen}`),
    crash,
    step,
  });
  const at = { call: call.number, model };
  if (model === "kill") {
    const whole = place(hashOfDisk(made), { ...at, when: "before" });
    const torn = call.op === "append" ? [place(`torn ${call.number}`, { ...at, when: "torn" })] : [];
    return { step, places: [whole, ...torn], complete: true };
  }
  const random = new Random(call.number);
  const { states, complete } = statesAfterPowerCut(made.computer.disk, model, random, statesMax);
  const places = states.map(({ hash }) => place(hash, { ...at, when: "before", state: hash, statesMax }));
  return { step, places, complete };
}

/** What people were told and agents did until now: the same disk with another past is another place. */
export function seenSoFar({ run, computer }: MemoryRun, model: DiskModel): string {
  let told = 0;
  for (const { kind } of run.recorder.entries) if (kinds.has(kind)) told += 1;
  let done = 0;
  for (const entries of computer.ledgers.values()) {
    for (const { kind } of entries) if (kind !== "gate" || model === "kill") done += 1;
  }
  const held = model === "kill" ? run.agents.alive().length : 0;
  // What was sent and has not arrived will: a power cut does not reach the wires.
  return `${told} ${done} ${held} ${computer.scheduler.waiting(computer.network)}`;
}

/** Entries of the history that are of something that happened, not of a look at it. */
const kinds: ReadonlySet<HistoryEntry["kind"]> = new Set([
  "shown",
  "submitted",
  "submit",
  "resumed",
  "fault",
]);

function hashOfDisk({ computer }: MemoryRun): number {
  const parts: string[] = [];
  for (const [path, node] of computer.disk.paths()) {
    parts.push(node instanceof FileNode ? `${path} ${hashOfBytes(node.content)}` : path);
  }
  return hashOfText(parts.sort().join("\n"));
}
