/**
 * What each agent process did, drawn from its ledger: its lines on stdout, its effects, what its model knew, and
 * how long it is proven to have lived.
 *
 * Always: facts only. A life is proven up to a moment by an act of the agent, by a cut that saw it, or by the
 * kill that met it; nothing is taken from how long things usually take.
 */
import type { HistoryEntry, RunRecord } from "../history.ts";
import type { Knows, LedgerEntry } from "../ledger.ts";

/** One line on an agent's stdout. */
export interface Emission {
  readonly event: string;
  readonly type: "start" | "text" | "call" | "ask" | "result" | "end";
  readonly step?: string;
  readonly callId?: string;
  readonly fromByte: number;
  readonly toByte: number;
  readonly beginNs: bigint;
  /** Absent: begun only, the bytes may be out or not. */
  readonly doneNs?: bigint;
  readonly failed: boolean;
}

/** One execution of a step, as its agent bracketed it. */
export interface EffectUse {
  readonly step: string;
  readonly callId: string;
  readonly beginNs: bigint;
  readonly doneNs?: bigint;
}

/** One agent process. */
export interface Attempt {
  readonly nonce: string;
  readonly session: number;
  readonly attempt: number;
  readonly turn: number;
  readonly resumed: boolean;
  readonly agentSessionId: string;
  readonly startNs: bigint;
  readonly exitNs?: bigint;
  /** Until then it certainly lived. */
  readonly aliveUntilNs: bigint;
  /** From then on it was certainly gone. */
  readonly goneByNs?: bigint;
  readonly entries: readonly LedgerEntry[];
  readonly emissions: readonly Emission[];
  readonly effects: readonly EffectUse[];
  /** Call id → step, of everything this agent did under an id. */
  readonly stepOf: ReadonlyMap<string, string>;
  readonly knows?: Readonly<Record<string, Knows>>;
  readonly skipped: ReadonlySet<string>;
}

/** Every agent process of the run, in order of start. */
export function readAttempts(run: RunRecord): readonly Attempt[] {
  return run.ledgers
    .flatMap((entries) => attemptOf(run, entries) ?? [])
    .sort((left, right) => (left.startNs < right.startNs ? -1 : 1));
}

function attemptOf(run: RunRecord, entries: readonly LedgerEntry[]): Attempt | undefined {
  const start = entries.find((entry) => entry.kind === "start");
  if (start === undefined) return undefined;
  const exit = entries.find((entry) => entry.kind === "exit");
  const model = entries.find((entry) => entry.kind === "model-input");
  const stepOf = new Map<string, string>();
  const skipped = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === "skip") skipped.add(entry.step);
    if (
      (entry.kind === "out" || entry.kind === "store" || entry.kind === "effect") &&
      entry.callId !== undefined
    )
      if (entry.step !== undefined) stepOf.set(entry.callId, entry.step);
  }
  const { nonce, session, attempt, turn, resumed, agentSessionId } = start;
  const life = lifeOf(run, entries, nonce, session, attempt);
  return {
    nonce,
    session,
    attempt,
    turn,
    resumed,
    agentSessionId,
    startNs: BigInt(start.t),
    entries,
    emissions: emissionsOf(entries),
    effects: effectsOf(entries),
    stepOf,
    skipped,
    ...life,
    ...(exit === undefined ? {} : { exitNs: BigInt(exit.t) }),
    ...(model === undefined ? {} : { knows: model.knows }),
  };
}

/** The agent had asked for permission, and did not make the call: whoever knows that it gave none can say so. */
export function isUnallowed({ emissions, effects }: Attempt, callId: string): boolean {
  const isAsked = emissions.some((line) => line.type === "ask" && line.callId === callId);
  return isAsked && !effects.some((effect) => effect.callId === callId);
}

function emissionsOf(entries: readonly LedgerEntry[]): readonly Emission[] {
  const emissions = new Map<string, Emission>();
  for (const entry of entries) {
    if (entry.kind !== "out") continue;
    const key = `${entry.event}/${entry.callId ?? ""}`;
    const before = emissions.get(key);
    emissions.set(key, {
      event: entry.event,
      type: entry.type,
      fromByte: entry.fromByte,
      toByte: entry.phase === "failed" ? (before?.toByte ?? entry.toByte) : entry.toByte,
      beginNs: before?.beginNs ?? BigInt(entry.t),
      failed: entry.phase === "failed",
      ...(entry.step === undefined ? {} : { step: entry.step }),
      ...(entry.callId === undefined ? {} : { callId: entry.callId }),
      ...(entry.phase === "done" ? { doneNs: BigInt(entry.t) } : {}),
    });
  }
  return [...emissions.values()];
}

function effectsOf(entries: readonly LedgerEntry[]): readonly EffectUse[] {
  const uses = new Map<string, EffectUse>();
  for (const entry of entries) {
    if (entry.kind !== "effect") continue;
    const before = uses.get(entry.callId);
    uses.set(entry.callId, {
      step: entry.step,
      callId: entry.callId,
      beginNs: before?.beginNs ?? BigInt(entry.t),
      ...(entry.phase === "done" ? { doneNs: BigInt(entry.t) } : {}),
    });
  }
  return [...uses.values()];
}

function lifeOf(
  run: RunRecord,
  entries: readonly LedgerEntry[],
  nonce: string,
  session: number,
  attempt: number,
): { aliveUntilNs: bigint; goneByNs?: bigint } {
  // A tool writes into its agent's ledger, also when the agent is gone.
  const own = entries.filter(
    (entry) => entry.kind !== "tool" && !(entry.kind === "effect" && entry.by === "tool"),
  );
  const times = own.map((entry) => BigInt(entry.t));
  for (const cut of run.cuts) if (cut.alive.some((agent) => agent.nonce === nonce)) times.push(BigInt(cut.t));
  const left = run.history.find(
    (entry) => entry.kind === "agent-exit" && entry.session === session && entry.attempt === attempt,
  );
  const exit = entries.find((entry) => entry.kind === "exit");
  const aliveUntilNs = times.sort((left, right) => (left < right ? -1 : 1)).at(-1) ?? 0n;
  const gone = exit ?? left;
  return { aliveUntilNs, ...(gone === undefined ? {} : { goneByNs: BigInt(gone.t) }) };
}

/** Two agents of one session that lived at once, where that is proven. */
export interface Overlap {
  readonly earlier: Attempt;
  readonly later: Attempt;
  readonly fromNs: bigint;
}

/** Proven overlaps among attempts of one session, up to a moment. An agent that said its end drives no more. */
export function overlapsOf(attempts: readonly Attempt[], untilNs?: bigint): readonly Overlap[] {
  const found: Overlap[] = [];
  for (const [index, later] of attempts.entries()) {
    if (untilNs !== undefined && later.startNs > untilNs) continue;
    for (const earlier of attempts.slice(0, index))
      if (earlier.session === later.session && drivingUntilNs(earlier) > later.startNs)
        found.push({ earlier, later, fromNs: later.startNs });
  }
  return found;
}

function drivingUntilNs(attempt: Attempt): bigint {
  const end = attempt.emissions.find(({ type, doneNs }) => type === "end" && doneNs !== undefined);
  return end === undefined || end.beginNs > attempt.aliveUntilNs ? attempt.aliveUntilNs : end.beginNs;
}

/** Entries of one kind of the history, typed. */
export function entriesOf<Kind extends HistoryEntry["kind"]>(
  run: RunRecord,
  kind: Kind,
): readonly Extract<HistoryEntry, { kind: Kind }>[] {
  return run.history.filter((entry): entry is Extract<HistoryEntry, { kind: Kind }> => entry.kind === kind);
}
