/**
 * The sometimes table: what a campaign must have met to mean anything.
 *
 * A green campaign that never killed a server between a result and its snapshot proves nothing about that. Each
 * row is a situation, recognised in the record of a run. A row at zero makes the campaign not trustworthy.
 * Always: a row is met by what happened, never by what was planned.
 */

import type { FaultName } from "../fault/index.ts";
import type { RunRecord } from "../history.ts";
import type { Abilities } from "../subject/contract.ts";
import {
  afterFirstKill,
  all,
  betweenResultAndSnapshot,
  hasFlag,
  isOpenAsk,
  killedRun,
  killOf,
  knows,
  observedAt,
  resumedBesideLiving,
  struck,
  twoSessionsTogether,
  unshownAtKill,
} from "./situations.ts";

export interface Row {
  readonly name: string;
  /** Rows that a subject without the ability, or a campaign without the fault, cannot meet. */
  applies(can: Abilities, faults: readonly FaultName[]): boolean;
  met(run: RunRecord): boolean;
}

const always = () => true;
const withKill = (_can: Abilities, faults: readonly FaultName[]) => faults.includes("kill");
const withFlags = (can: Abilities) => can.flags;
const withDamage = (can: Abilities, faults: readonly FaultName[]) =>
  can.damage && faults.includes("damage") && faults.includes("kill");

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
