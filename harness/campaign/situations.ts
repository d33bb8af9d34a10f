/**
 * Situations recognised in the record of a run, for the sometimes table.
 *
 * Always: by what happened, never by what was planned; times are those of the history and the agents' ledgers.
 */
import type { HistoryEntry, RunRecord } from "../history.ts";
import type { LedgerEntry } from "../ledger.ts";

export type Of<Kind extends HistoryEntry["kind"]> = Extract<HistoryEntry, { kind: Kind }>;

/** Entries of one kind, in order. */
export function all<Kind extends HistoryEntry["kind"]>(run: RunRecord, kind: Kind): Of<Kind>[] {
  return run.history.filter((entry): entry is Of<Kind> => entry.kind === kind);
}

/** The part of each ledger that was written while the server was dead or after it was killed for the first time. */
export function afterFirstKill(
  run: RunRecord,
): { agent: readonly LedgerEntry[]; late: readonly LedgerEntry[] }[] {
  const kill = all(run, "fault").find(({ killed }) => killed.includes("server") || killed.includes("tree"));
  if (kill === undefined) return [];
  return run.ledgers
    .filter(([start]) => start !== undefined && BigInt(start.t) < BigInt(kill.t))
    .map((agent) => ({ agent, late: agent.filter(({ t }) => BigInt(t) > BigInt(kill.t)) }));
}

export function killedRun(run: RunRecord): boolean {
  return all(run, "fault").some(({ killed }) => killed.length > 0);
}

export function killOf(run: RunRecord, matches: (fault: Of<"fault">) => boolean): boolean {
  return all(run, "fault").some((fault) => fault.killed.length > 0 && matches(fault));
}

export function betweenResultAndSnapshot(run: RunRecord): boolean {
  return all(run, "fault").some((fault) => {
    if (fault.killed.length === 0) return false;
    return run.ledgers.some((entries) => {
      const before = entries.filter(({ t }) => BigInt(t) < BigInt(fault.t));
      const [start] = entries;
      if (start === undefined || BigInt(start.t) > BigInt(fault.t)) return false;
      const result = before.some(
        (entry) => entry.kind === "out" && entry.type === "result" && entry.phase === "done",
      );
      const saved = before.some((entry) => entry.kind === "store" && entry.event === "snapshot:1/write");
      return result && !saved;
    });
  });
}

export function unshownAtKill(run: RunRecord): number {
  const kill = all(run, "fault").find(({ killed }) => killed.includes("server") || killed.includes("tree"));
  if (kill === undefined) return 0;
  const shown = new Set(
    all(run, "shown")
      .filter(({ t }) => BigInt(t) < BigInt(kill.t))
      .map(({ event }) => `${event.type}/${event.callId ?? ""}`),
  );
  return run.ledgers
    .flat()
    .filter(
      (entry) =>
        entry.kind === "out" &&
        entry.callId !== undefined &&
        entry.phase === "done" &&
        BigInt(entry.t) < BigInt(kill.t) &&
        !shown.has(`${entry.type}/${entry.callId}`),
    ).length;
}

/** A call that was asked for before the kill was made after it. */
export function isOpenAsk(agent: readonly LedgerEntry[], late: readonly LedgerEntry[]): boolean {
  return agent.some(
    (entry) =>
      entry.kind === "out" &&
      entry.type === "ask" &&
      entry.phase === "done" &&
      !late.includes(entry) &&
      late.some((after) => after.kind === "effect" && after.callId === entry.callId),
  );
}

export function observedAt(run: RunRecord, label: Of<"observe">["label"]) {
  return all(run, "observe")
    .filter((entry) => entry.label === label)
    .flatMap(({ sessions }) => sessions);
}

export function hasFlag(run: RunRecord): boolean {
  return observedAt(run, "observe").some(({ flags }) => flags !== "no-surface" && flags.length > 0);
}

export function knows(run: RunRecord, what: string): boolean {
  return run.ledgers
    .flat()
    .some((entry) => entry.kind === "model-input" && Object.values(entry.knows).includes(what as never));
}

export function twoSessionsTogether(run: RunRecord): boolean {
  const outs = run.ledgers
    .flatMap((entries) => {
      const session = entries[0]?.kind === "start" ? entries[0].session : -1;
      return entries.flatMap((entry) =>
        entry.kind === "out" && entry.phase === "done" ? [{ session, t: BigInt(entry.t) }] : [],
      );
    })
    .sort((left, right) => (left.t < right.t ? -1 : 1));
  // Within 2 ms of each other: less than one sync of a disk and the wake-up before it.
  return outs.some((out, at) => {
    const next = outs[at + 1];
    return next !== undefined && next.session !== out.session && next.t - out.t < 2_000_000n;
  });
}

/** A resume was sent while an agent of its session was known to live. */
export function resumedBesideLiving(run: RunRecord): boolean {
  const living = new Map<number, number>();
  return run.history.some((entry) => {
    if (entry.kind === "agent-hello") living.set(entry.session, (living.get(entry.session) ?? 0) + 1);
    if (entry.kind === "agent-exit") living.set(entry.session, (living.get(entry.session) ?? 0) - 1);
    return entry.kind === "resume" && (living.get(entry.session) ?? 0) > 0;
  });
}

/** Sessions whose own agent or files were met. */
export function struck(run: RunRecord): ReadonlySet<number> {
  const sessions = new Set<number>(all(run, "damage").flatMap(({ session }) => session ?? []));
  for (const { fault, round } of all(run, "fault")) {
    const at = run.plan.rounds[round]?.at;
    if (fault.kind === "kill" && fault.target === "agent" && at !== undefined && "session" in at)
      sessions.add(at.session);
  }
  return sessions;
}
