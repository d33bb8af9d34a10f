/**
 * What is known of a plan's run without a crash: its calls, and what each of them is in the protocol.
 *
 * Always: taken from one execution; a call's step tells the file by kind, an append to the journal and its sync
 * also the kinds of the records that they brought, since of all places these differ most in what a crash leaves.
 */
import { executeWithCrashes } from "../memory/crash.ts";
import { FileNode } from "../memory/disk.ts";
import type { MemoryRun } from "../memory/execute.ts";
import { stepOf } from "../memory/steps.ts";
import type { Plan } from "../plan/plan.ts";

export interface Shape {
  /** At least 1. */
  readonly calls: number;
  /** Step of call number n at n - 1: `append journal segment run dispatch`. */
  readonly steps: readonly string[];
  /** Numbers of the calls that sync a file of the server's own, and of those that append to the journal. */
  readonly syncs: readonly number[];
  readonly appends: readonly number[];
  /** Of these, the ones that brought records of several kinds. */
  readonly together: readonly number[];
  /** What each call takes in milliseconds, and what was waited before it for the agent. */
  readonly costsMs: readonly { readonly waitedMs: number; readonly tookMs: number }[];
}

/** Medians on a disk with ext4: a sync, and anything else. */
const syncMs = 0.55;
const callMs = 0.03;
/** Between two events of an agent: its model thinks, or its tool runs. Short for a real one. */
const betweenEventsMs = 1_000;

const journalAppend = "append journal segment";
const journalSync = "sync journal segment";

/** Executes the plan once, without a crash. */
export async function shapeOf(plan: Plan, seed: number): Promise<Shape> {
  const steps: string[] = [];
  const [syncs, appends, together]: [number[], number[], number[]] = [[], [], []];
  const costsMs: { waitedMs: number; tookMs: number }[] = [];
  const bytesRead = new Map<string, number>();
  let unsynced = "";
  let events = 0;
  const { calls } = await executeWithCrashes(plan, seed, [], {
    watch: (call, made) => {
      const isSync = call.op === "sync" || call.op === "syncFolder";
      // Known and open: a server ends when the sync of a spool fails, and the next one trusts the same bytes.
      if (call.op === "sync" && !call.path.endsWith("/spool")) syncs.push(call.number);
      const now = eventsOf(made);
      costsMs.push({ waitedMs: now > events ? betweenEventsMs : 0, tookMs: isSync ? syncMs : callMs });
      events = now;
      // A restarted server takes the same steps for other reasons.
      const life = made.stage.lives.length > 1 ? ", restarted" : "";
      steps[call.number - 1] = `${stepOf(call)}${life}`;
    },
    done: ({ number, op, path }, { computer: { disk } }) => {
      const step = steps[number - 1];
      if (step?.startsWith(journalSync) === true) steps[number - 1] = `${step}: ${unsynced}`;
      if (op !== "append" || step?.startsWith(journalAppend) !== true) return;
      appends.push(number);
      const node = disk.at(path);
      if (!(node instanceof FileNode)) return;
      const kinds = kindsIn(node.content.subarray(bytesRead.get(path) ?? 0));
      if (kinds.includes(" ")) together.push(number);
      steps[number - 1] = `${step}: ${kinds}`;
      unsynced = kinds;
      bytesRead.set(path, node.content.length);
    },
  });
  return { calls: Math.max(1, calls), steps, syncs, appends, together, costsMs };
}

/** Kinds of journal records, each once a row: `run dispatch`. */
function kindsIn(bytes: Uint8Array): string {
  const kinds = Array.from(
    Buffer.from(bytes)
      .toString("latin1")
      .matchAll(/\t"([\w-]+)"\t\{/g),
    ([, kind]) => kind,
  );
  return kinds.filter((kind, at) => kind !== kinds[at - 1]).join(" ");
}

function eventsOf({ computer }: MemoryRun): number {
  let events = 0;
  for (const entries of computer.ledgers.values())
    for (const { kind } of entries) if (kind === "out" || kind === "effect") events += 1;
  return events;
}
