/**
 * The sometimes table: what a campaign must have met to mean anything.
 *
 * A green campaign that never killed a server between a result and its snapshot proves nothing about that. Each
 * row is a situation, recognised in the record of a run. A row at zero makes the campaign not trustworthy.
 * Always: a row is met by what happened, never by what was planned.
 */

import type { FaultName } from "../fault/index.ts";
import type { HistoryEntry, RunRecord } from "../history.ts";
import type { LedgerEntry } from "../ledger.ts";
import type { Abilities } from "../subject/contract.ts";

export interface Row {
  readonly name: string;
  /** Rows that a subject without the ability, or a campaign without the fault, cannot meet. */
  applies(can: Abilities, faults: readonly FaultName[]): boolean;
  met(run: RunRecord): boolean;
}

type Of<Kind extends HistoryEntry["kind"]> = Extract<HistoryEntry, { kind: Kind }>;

function all<Kind extends HistoryEntry["kind"]>(run: RunRecord, kind: Kind): Of<Kind>[] {
  return run.history.filter((entry): entry is Of<Kind> => entry.kind === kind);
}

const always = () => true;
const withKill = (_can: Abilities, faults: readonly FaultName[]) => faults.includes("kill");
const withFlags = (can: Abilities) => can.flags;
const withDamage = (can: Abilities, faults: readonly FaultName[]) =>
  can.damage && faults.includes("damage") && faults.includes("kill");

/** The part of each ledger that was written while the server was dead or after it was killed for the first time. */
function afterFirstKill(run: RunRecord): { agent: readonly LedgerEntry[]; late: readonly LedgerEntry[] }[] {
  const kill = all(run, "fault").find(({ killed }) => killed.includes("server") || killed.includes("tree"));
  if (kill === undefined) return [];
  return run.ledgers
    .filter(([start]) => start !== undefined && BigInt(start.t) < BigInt(kill.t))
    .map((agent) => ({ agent, late: agent.filter(({ t }) => BigInt(t) > BigInt(kill.t)) }));
}

function killedRun(run: RunRecord): boolean {
  return all(run, "fault").some(({ killed }) => killed.length > 0);
}

function killOf(run: RunRecord, matches: (fault: Of<"fault">) => boolean): boolean {
  return all(run, "fault").some((fault) => fault.killed.length > 0 && matches(fault));
}

function betweenResultAndSnapshot(run: RunRecord): boolean {
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

function unshownAtKill(run: RunRecord): number {
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
function isOpenAsk(agent: readonly LedgerEntry[], late: readonly LedgerEntry[]): boolean {
  return agent.some(
    (entry) =>
      entry.kind === "out" &&
      entry.type === "ask" &&
      entry.phase === "done" &&
      !late.includes(entry) &&
      late.some((after) => after.kind === "effect" && after.callId === entry.callId),
  );
}

function observedAt(run: RunRecord, label: Of<"observe">["label"]) {
  return all(run, "observe")
    .filter((entry) => entry.label === label)
    .flatMap(({ sessions }) => sessions);
}

function hasFlag(run: RunRecord): boolean {
  return observedAt(run, "observe").some(({ flags }) => flags !== "no-surface" && flags.length > 0);
}

function knows(run: RunRecord, what: string): boolean {
  return run.ledgers
    .flat()
    .some((entry) => entry.kind === "model-input" && Object.values(entry.knows).includes(what as never));
}

function twoSessionsTogether(run: RunRecord): boolean {
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
function resumedBesideLiving(run: RunRecord): boolean {
  const living = new Map<number, number>();
  return run.history.some((entry) => {
    if (entry.kind === "agent-hello") living.set(entry.session, (living.get(entry.session) ?? 0) + 1);
    if (entry.kind === "agent-exit") living.set(entry.session, (living.get(entry.session) ?? 0) - 1);
    return entry.kind === "resume" && (living.get(entry.session) ?? 0) > 0;
  });
}

/** Sessions whose own agent or files were met. */
function struck(run: RunRecord): ReadonlySet<number> {
  const sessions = new Set<number>(all(run, "damage").flatMap(({ session }) => session ?? []));
  for (const { fault, round } of all(run, "fault")) {
    const at = run.plan.rounds[round]?.at;
    if (fault.kind === "kill" && fault.target === "agent" && at !== undefined && "session" in at)
      sessions.add(at.session);
  }
  return sessions;
}

/** In memory there are rows of its own for it. */
export const boundaryRow: Row = {
  name: "ended at an operation of its own",
  applies: (_can, faults) => faults.includes("boundary"),
  met: (run) => (run.boundaries?.hits.length ?? 0) > 0,
};

export const rows: readonly Row[] = [
  boundaryRow,
  { name: "killed between result and snapshot", applies: withKill, met: betweenResultAndSnapshot },
  {
    name: "result sent but not read",
    applies: withKill,
    met: (run) => killOf(run, ({ at, position }) => at.startsWith("result:") && position === "unread"),
  },
  {
    name: "result shown, then killed",
    applies: withKill,
    met: (run) => killOf(run, ({ at, position }) => at.startsWith("result:") && position === "shown"),
  },
  {
    name: "server and agent killed together",
    applies: withKill,
    met: (run) => killOf(run, ({ killed }) => killed.includes("agent") && killed.length > 1),
  },
  {
    name: "recovery killed",
    applies: withKill,
    met: (run) => killOf(run, ({ at }) => at === "ready" || at === "resuming" || at === "starting"),
  },
  {
    name: "killed twice or more",
    applies: withKill,
    met: (run) =>
      all(run, "server-exit").length >= 2 &&
      all(run, "fault").filter(({ killed }) => killed.length > 0).length >= 2,
  },
  {
    name: "orphan worked while no server ran",
    applies: withKill,
    met: (run) => afterFirstKill(run).some(({ late }) => late.some((entry) => entry.kind === "effect")),
  },
  {
    name: "orphan acted after the restart",
    applies: withKill,
    met: (run) => {
      const second = all(run, "server-ready").find(({ life }) => life === 2);
      if (second === undefined) return false;
      return afterFirstKill(run).some(({ late }) =>
        late.some((entry) => entry.kind === "effect" && BigInt(entry.t) > BigInt(second.t)),
      );
    },
  },
  {
    name: "agent finished while no server ran",
    applies: withKill,
    met: (run) => {
      const second = all(run, "server-ready").find(({ life }) => life === 2);
      return afterFirstKill(run).some(({ late }) =>
        late.some(
          (entry) =>
            entry.kind === "exit" &&
            entry.code === 0 &&
            (second === undefined || BigInt(entry.t) < BigInt(second.t)),
        ),
      );
    },
  },
  {
    name: "live agent after a restart",
    applies: withKill,
    met: (run) => run.cuts.some(({ label, alive }) => label === "ready" && alive.length > 0),
  },
  { name: "several records unread at the kill", applies: withKill, met: (run) => unshownAtKill(run) >= 2 },
  {
    name: "line split over two reads",
    applies: always,
    met: (run) =>
      run.plan.free?.writes === "split" &&
      run.ledgers.flat().some((entry) => entry.kind === "out" && entry.type === "result"),
  },
  { name: "two sessions within one sync", applies: always, met: twoSessionsTogether },
  {
    name: "two equal parallel calls",
    applies: always,
    met: (run) =>
      run.plan.sessions.some(({ turns }) =>
        turns.some(({ script }) =>
          script.replies.some(
            ({ parallel, calls }) => parallel && calls.some(({ equalTo }) => equalTo !== undefined),
          ),
        ),
      ),
  },
  {
    name: "result longer than the agent's log keeps",
    applies: always,
    met: (run) =>
      run.plan.sessions.some(({ turns }) =>
        turns.some(({ script }) =>
          script.replies.some(({ calls }) => calls.some(({ resultChars }) => resultChars > 2_000)),
        ),
      ),
  },
  {
    name: "a further turn after a fault",
    applies: always,
    met: (run) => run.ledgers.some(([start]) => start?.kind === "start" && start.turn > 0) && killedRun(run),
  },
  {
    name: "a resume asked for beside a living agent",
    applies: (can, faults) => can.resume && can.resumesByPrompt !== true && withKill(can, faults),
    met: resumedBesideLiving,
  },
  { name: "resumed with a finished call", applies: withKill, met: (run) => knows(run, "known") },
  {
    name: "resumed with an unknown call",
    applies: (can, faults) => withFlags(can) && withKill(can, faults),
    met: (run) => knows(run, "told-unknown"),
  },
  { name: "flag raised", applies: withFlags, met: (run) => killedRun(run) && hasFlag(run) },
  {
    name: "flag rightly not raised on a killed run",
    applies: withFlags,
    met: (run) => killedRun(run) && !hasFlag(run) && observedAt(run, "observe").length > 0,
  },
  { name: "a record damaged", applies: withDamage, met: (run) => all(run, "damage").length > 0 },
  {
    name: "one session struck, its neighbour not",
    applies: withKill,
    met: (run) =>
      run.plan.sessions.length > 1 && struck(run).size > 0 && struck(run).size < run.plan.sessions.length,
  },
  {
    name: "orderly stop",
    applies: (_can, faults) => faults.includes("term"),
    met: (run) => all(run, "fault").some(({ fault }) => fault.kind === "term"),
  },
  {
    name: "server frozen",
    applies: (_can, faults) => faults.includes("freeze"),
    met: (run) => all(run, "fault").some(({ fault }) => fault.kind === "freeze"),
  },
  {
    name: "client came back with its cursor",
    applies: (can) => can.cursor,
    met: (run) => all(run, "connect").some(({ after }) => after !== undefined),
  },
  {
    name: "another version took over, and this one again",
    applies: (can, faults) => can.versions === true && withKill(can, faults),
    met: (run) => {
      const versions = all(run, "version").map(({ version }) => version);
      return versions.includes("next") && versions.lastIndexOf("this") > versions.indexOf("next");
    },
  },
  {
    name: "a permission was open when the server was killed",
    applies: (can, faults) => can.acp === true && withKill(can, faults),
    met: (run) => afterFirstKill(run).some(({ agent, late }) => isOpenAsk(agent, late)),
  },
  {
    name: "reloaded by node --watch",
    applies: (can, faults) => faults.includes("reload") && can.reload.includes("node-watch"),
    met: (run) => all(run, "fault").some(({ fault }) => fault.kind === "reload" && fault.by === "node-watch"),
  },
  {
    name: "reloaded by tsx watch",
    applies: (can, faults) => faults.includes("reload") && can.reload.includes("tsx"),
    met: (run) => all(run, "fault").some(({ fault }) => fault.kind === "reload" && fault.by === "tsx"),
  },
];
