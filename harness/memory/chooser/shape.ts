/**
 * What is known of a plan's run without a crash: its calls, what each of them is in the protocol, and in which phase.
 *
 * A call's step tells the file by kind; an append to the journal and its sync also the kinds of the records that they
 * brought, since of all places these differ most in what a crash leaves. Its phase is whether the server was restarted,
 * and what was begun last: a session, a further turn of one, or a resume of what was cut off.
 * Always: watched, not executed for this: a run that was to be made in any case is enough.
 */
import type { HistoryEntry, RunRecord } from "../../history.ts";
import type { Plan } from "../../plan/plan.ts";
import type { PortCall } from "../calls.ts";
import { type CrashedRun, type CrashHooks, executeWithCrashes } from "../crash.ts";
import type { MemoryRun } from "../execute.ts";
import { FileNode } from "../nodes.ts";
import { stepOf } from "../steps.ts";

export interface Shape {
  /** At least 1. */
  readonly calls: number;
  /** Step and phase of call number n at n - 1: `append journal segment: run dispatch`, `restarted, a further turn`. */
  readonly steps: readonly string[];
  readonly phases: readonly string[];
  /** Numbers of the calls that change something: between two of these a crash leaves the same, wherever it comes. */
  readonly changes: readonly number[];
  /** Numbers of the calls that sync a file, of those among them that sync the journal, and of those that append to it. */
  readonly syncs: readonly number[];
  readonly journalSyncs: readonly number[];
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
const changing = /^(append|sync|syncFolder|create|mkdir|mkfifo|rename|remove|startAgent)$/;

/** Watches one run without crashes. */
export class ShapeWatch {
  readonly #steps: string[] = [];
  readonly #phases: string[] = [];
  readonly #changes: number[] = [];
  readonly #syncs: number[] = [];
  readonly #journalSyncs: number[] = [];
  readonly #appends: number[] = [];
  readonly #together: number[] = [];
  readonly #costsMs: { waitedMs: number; tookMs: number }[] = [];
  readonly #bytesRead = new Map<string, number>();
  #begun = "a session";
  #unsynced = "";
  #events = 0;
  /** Set by {@link end}. */
  shape: Shape | undefined;
  record: RunRecord | undefined;

  readonly hooks: CrashHooks = {
    watch: (call, made) => this.#before(call, made),
    done: (call, made) => this.#after(call, made),
  };

  /** To be told when the run is over. */
  end({ calls, record }: CrashedRun): Shape {
    this.record = record;
    this.shape = {
      calls: Math.max(1, calls),
      steps: this.#steps,
      phases: this.#phases,
      changes: this.#changes,
      syncs: this.#syncs,
      journalSyncs: this.#journalSyncs,
      appends: this.#appends,
      together: this.#together,
      costsMs: this.#costsMs,
    };
    return this.shape;
  }

  #before(call: PortCall, made: MemoryRun): void {
    if (changing.test(call.op)) this.#changes.push(call.number);
    if (call.op === "sync") this.#syncs.push(call.number);
    const isSync = call.op === "sync" || call.op === "syncFolder";
    const now = eventsOf(made);
    this.#costsMs.push({
      waitedMs: now > this.#events ? betweenEventsMs : 0,
      tookMs: isSync ? syncMs : callMs,
    });
    this.#events = now;
    const step = stepOf(call);
    if (step === journalSync) this.#journalSyncs.push(call.number);
    this.#steps[call.number - 1] = step;
    this.#note(call.number, made);
  }

  #after({ number, op, path }: PortCall, made: MemoryRun): void {
    const step = this.#steps[number - 1];
    if (step === journalSync) this.#steps[number - 1] = `${step}: ${this.#unsynced}`;
    if (op !== "append" || step !== journalAppend) return;
    this.#appends.push(number);
    const node = made.computer.disk.at(path);
    if (!(node instanceof FileNode)) return;
    const kinds = kindsIn(node.content.subarray(this.#bytesRead.get(path) ?? 0));
    if (kinds.length > 1) this.#together.push(number);
    this.#unsynced = kinds.join(" ");
    this.#steps[number - 1] = `${step}: ${this.#unsynced}`;
    this.#bytesRead.set(path, node.content.length);
    if (!kinds.includes("dispatch")) return;
    this.#begun = kinds.includes("session")
      ? "a session"
      : kinds.includes("run")
        ? "a further turn"
        : "a resume";
    this.#note(number, made);
  }

  #note(number: number, { stage }: MemoryRun): void {
    // A restarted server takes the same steps for other reasons.
    this.#phases[number - 1] = `${stage.lives.length > 1 ? "restarted, " : ""}${this.#begun}`;
  }
}

/** Executes the plan once, without a crash. */
export async function shapeOf(plan: Plan, seed: number): Promise<Shape> {
  const watch = new ShapeWatch();
  return watch.end(await executeWithCrashes(plan, seed, [], watch.hooks));
}

/** Kinds of journal records, each once a row: `run`, `dispatch`. */
function kindsIn(bytes: Uint8Array): string[] {
  const kinds = Array.from(
    Buffer.from(bytes)
      .toString("latin1")
      .matchAll(/\t"([\w-]+)"\t\{/g),
    ([, kind]) => kind ?? "",
  );
  return kinds.filter((kind, at) => kind !== kinds[at - 1]);
}

function eventsOf({ computer }: MemoryRun): number {
  let events = 0;
  for (const entries of computer.ledgers.values())
    for (const { kind } of entries) if (kind === "out" || kind === "effect") events += 1;
  return events;
}

/** The disk at the kill of a round, as it was left; undefined where the round was not played or killed nobody. */
export function cutOfRound({ history, cuts }: RunRecord, round: number) {
  const fault = history.findIndex((entry) => entry.kind === "fault" && entry.round === round);
  if (fault === -1) return undefined;
  const isCut = (entry: HistoryEntry) => entry.kind === "cut" && entry.label === "killed";
  const cut = history.slice(fault).find(isCut);
  return cut?.kind === "cut" ? cuts[cut.cut] : undefined;
}
