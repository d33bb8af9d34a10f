/**
 * One run, indexed once for all checks: agents, what was shown, observations, faults and damage, in their order.
 *
 * Always: made from the record alone, and cached by it.
 * Never: it judges nothing.
 */
import { crashLoss, type DiskCut, type HistoryEntry, type RunRecord } from "../history.ts";
import type { Call } from "../plan/plan.ts";
import type { ObservedSession, Shown } from "../subject/contract.ts";
import { type Attempt, entriesOf, readAttempts } from "./attempts.ts";

/** Something that a client was shown. */
export interface ShownAt {
  /** Index in the history. */
  readonly at: number;
  readonly ns: bigint;
  readonly client: number;
  readonly session: number;
  /** Number of the connection, counted over the whole run. */
  readonly connection: number;
  readonly event: Shown;
}

/** One answer to "what is the state of everything". */
export interface Observation {
  readonly at: number;
  readonly ns: bigint;
  readonly label: "ready" | "observe" | "settled";
  /** Round of the last fault before it; -1 before any. */
  readonly round: number;
  readonly cut: DiskCut | undefined;
  readonly sessions: readonly ObservedSession[];
}

export type FaultEntry = Extract<HistoryEntry, { kind: "fault" }>;
export type DamageEntry = Extract<HistoryEntry, { kind: "damage" }>;

export interface Facts {
  readonly run: RunRecord;
  readonly attempts: readonly Attempt[];
  readonly shown: readonly ShownAt[];
  readonly observations: readonly Observation[];
  readonly faults: readonly FaultEntry[];
  readonly damages: readonly DamageEntry[];
  /** Bytes that a crash took or cut, as no plan asked: they excuse nothing that was acknowledged or shown. */
  readonly losses: readonly DamageEntry[];
  /** The subject has the agent's stdout in files of its own. */
  readonly hasSpool: boolean;
  readonly startNs: bigint;
  readonly planned: ReadonlyMap<string, Call>;
}

const cache = new WeakMap<RunRecord, Facts>();

/** Indexes a run. */
export function factsOf(run: RunRecord): Facts {
  const known = cache.get(run);
  if (known !== undefined) return known;
  const damages = entriesOf(run, "damage").filter((entry) => entry.toByte > entry.fromByte);
  const facts: Facts = {
    run,
    attempts: readAttempts(run),
    shown: readShown(run),
    observations: readObservations(run),
    faults: entriesOf(run, "fault"),
    damages: damages.filter(({ how }) => how !== crashLoss),
    losses: damages.filter(({ how }) => how === crashLoss),
    hasSpool: run.cuts.some((cut) => cut.files.some((file) => file.role === "spool")),
    startNs: BigInt(run.history[0]?.t ?? "0"),
    planned: plannedCalls(run),
  };
  cache.set(run, facts);
  return facts;
}

function readShown(run: RunRecord): readonly ShownAt[] {
  const shown: ShownAt[] = [];
  const open = new Map<string, number>();
  let connections = 0;
  for (const [at, entry] of run.history.entries()) {
    if (entry.kind === "connect") {
      connections += 1;
      open.set(`${entry.session}/${entry.client}`, connections);
    }
    if (entry.kind !== "shown") continue;
    const { client, session, event } = entry;
    const connection = open.get(`${session}/${client}`) ?? 0;
    shown.push({ at, ns: BigInt(entry.t), client, session, connection, event });
  }
  return shown;
}

function readObservations(run: RunRecord): readonly Observation[] {
  const observations: Observation[] = [];
  let round = -1;
  for (const [at, entry] of run.history.entries()) {
    if (entry.kind === "fault") round = entry.round;
    if (entry.kind !== "observe") continue;
    const cut = run.cuts.find((candidate) => candidate.cut === entry.cut);
    const { label, sessions } = entry;
    observations.push({ at, ns: BigInt(entry.t), label, round, cut, sessions });
  }
  return observations;
}

function plannedCalls(run: RunRecord): ReadonlyMap<string, Call> {
  const planned = new Map<string, Call>();
  for (const [session, { turns }] of run.plan.sessions.entries())
    for (const [turn, { script }] of turns.entries()) {
      const prefix = `s${session}t${turn}c`;
      const steps = run.tokens
        .map(({ step }) => step)
        .filter((step) => step.startsWith(prefix))
        .sort((left, right) => Number(left.slice(prefix.length)) - Number(right.slice(prefix.length)));
      const calls = script.replies.flatMap((reply) => reply.calls);
      for (const [index, call] of calls.entries()) {
        const step = steps[index];
        if (step !== undefined) planned.set(step, call);
      }
    }
  return planned;
}

/** Attempts of one session, in order of start, up to a moment where given. */
export function attemptsOf(facts: Facts, session: number, untilNs?: bigint): readonly Attempt[] {
  return facts.attempts.filter(
    (attempt) => attempt.session === session && (untilNs === undefined || attempt.startNs <= untilNs),
  );
}

/** What the observation says of a plan session; undefined when it does not name it, or none was acknowledged. */
export function observedSession(
  facts: Facts,
  observation: Observation,
  session: number,
): ObservedSession | undefined {
  const id = facts.run.sessionIds[session];
  return id === undefined ? undefined : observation.sessions.find((observed) => observed.id === id);
}

/** Indices of the plan's sessions. */
export function sessionsOf(facts: Facts): readonly number[] {
  return facts.run.plan.sessions.map((_, index) => index);
}

/** Sessions whose first submit was acknowledged before the given moment. */
export function acknowledged(facts: Facts, session: number, beforeNs: bigint): boolean {
  return facts.run.history.some(
    (entry) => entry.kind === "submitted" && entry.session === session && BigInt(entry.t) < beforeNs,
  );
}

/** A moment for a story: milliseconds after the start of the run. */
export function atMs(facts: Facts, ns: bigint): string {
  return `${Number((ns - facts.startNs) / 1_000_000n)} ms`;
}

/** The phase that an observation belongs to. */
export function phaseOf(observation: Observation): "restart" | "settled" {
  return observation.label === "settled" ? "settled" : "restart";
}

/** The same observation in words. */
export function whenOf(facts: Facts, observation: Observation): string {
  const where = observation.label === "settled" ? "at the end" : `after restart (${observation.label})`;
  return `${where}, ${atMs(facts, observation.ns)} after start`;
}

/** Damage that touched a session's files, or a file it shares, before a moment. */
export function damagesOf(facts: Facts, session: number, beforeNs?: bigint): readonly DamageEntry[] {
  return facts.damages.filter((damage) => {
    if (beforeNs !== undefined && BigInt(damage.t) > beforeNs) return false;
    const owner = damageSession(facts, damage);
    return owner === undefined || owner === session;
  });
}

/** The plan session whose file was damaged; undefined when sessions share the file. */
export function damageSession(facts: Facts, damage: DamageEntry): number | undefined {
  if (damage.session !== undefined) return damage.session;
  for (const cut of facts.run.cuts) {
    const file = cut.files.find(({ path, session }) => path === damage.path && session !== undefined);
    if (file !== undefined) return file.session;
  }
  return undefined;
}

/**
 * Were files damaged in which the orchestrator keeps what it knows of the session? Then what it once showed may be
 * gone from them without its doing. Damage to the agent's own log and snapshot is not of that kind.
 */
export function mayHaveLostShown(facts: Facts, session: number, beforeNs: bigint): boolean {
  return damagesOf(facts, session, beforeNs).some((damage) => !isAgentsFile(facts, damage.path));
}

/** The agent's own log or snapshot, whatever role the subject gives it. */
export function isAgentsFile(facts: Facts, path: string): boolean {
  return facts.run.cuts.some((cut) =>
    cut.files.some(
      (file) => file.path === path && (file.role === "agent-log" || file.role === "agent-snapshot"),
    ),
  );
}
