/**
 * Directed plans: one for each row of the sometimes table that chance would need long for.
 *
 * Always: plain plans through the same path as generated ones; the first plans of each campaign.
 */
import { type FaultName, isAvailable } from "../fault/index.ts";
import type { Abilities } from "../subject/contract.ts";
import type { Call, FaultKind, Orphan, Plan, PlanSession, Reply, Round } from "./plan.ts";

const plainCall: Call = { outcome: "append", resultChars: 20, style: "ascii" };
const noOrphan: Orphan = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
const killBoth: FaultKind = { kind: "kill", target: "both" };
const killServer: FaultKind = { kind: "kill", target: "server" };

function replies(...calls: Call[]): Reply[] {
  return calls.map((call) => ({ calls: [call], parallel: false }));
}

function session(
  planned: readonly Reply[],
  storeLag: PlanSession["storeLag"] = "ada",
  turns = 1,
): PlanSession {
  return {
    storeLag,
    turns: Array.from({ length: turns }, () => ({
      script: { replies: [...planned], finalText: "All done." },
    })),
  };
}

function round(at: Round["at"], fault: FaultKind, rest: Partial<Round> = {}): Round {
  return { at, position: "unsent", fault, orphan: noOrphan, damage: [], ...rest };
}

function plan(sessions: PlanSession[], rounds: Round[], rest: Partial<Plan> = {}): Plan {
  return { version: 1, mode: "lockstep", sessions, clients: 1, rounds, ...rest };
}

const two = session(replies(plainCall, plainCall));
const at = (event: string, of = 0): Round["at"] => ({ session: of, event });

const plans: readonly Plan[] = [
  // result sent but not read; killed between result and snapshot; resumed with a finished call
  plan([two], [round(at("result:1/out"), killBoth, { position: "unread" })]),
  plan([two], [round(at("result:1/out"), killBoth, { position: "shown" })]),
  // a person resumes while the agent works · resumes what was interrupted, twice
  plan([two], [round(at("call:1/log"), killServer, { insists: true })]),
  plan([two], [round(at("result:1/out"), killBoth, { position: "shown", insists: true })]),
  // the tool ran, its result went nowhere: an unknown call
  plan([two], [round(at("result:2/log"), killBoth)]),
  // recovery killed, twice
  plan(
    [two],
    [
      round(at("call:2/log"), { kind: "kill", target: "tree" }),
      round({ phase: "ready" }, { kind: "kill", target: "server" }),
      round({ phase: "resuming" }, { kind: "kill", target: "tree" }),
    ],
  ),
  // orphans: before the restart, after it, to the end
  plan(
    [two],
    [
      round(at("call:1/log"), killServer, {
        orphan: { beforeRestart: 8, beforeObserve: 4, duringResume: 2 },
      }),
    ],
  ),
  plan(
    [two],
    [
      round(at("call:2/out"), killServer, {
        orphan: { beforeRestart: 40, beforeObserve: 0, duringResume: 0 },
      }),
    ],
  ),
  // nothing diverged: the agent had saved everything and only its exit was missing
  plan([two], [round(at("exit"), killBoth)]),
  plan([two], [round(at("start/out"), { kind: "term" })]),
  plan(
    [two],
    [
      round(at("call:1/out"), { kind: "freeze", events: 4 }),
      round(at("result:2/out"), killServer, { position: "shown" }),
    ],
  ),
  plan(
    [two],
    [round(at("call:1/out"), { kind: "disconnect", events: 5 }), round(at("call:2/log"), killServer)],
  ),
  // several records in one burst, then the kill
  plan(
    [session([{ calls: [plainCall, plainCall, plainCall], parallel: true }])],
    [round({ session: 0, nth: 9 }, { kind: "kill", target: "tree" }, { delayMs: 0 })],
    { mode: "free", free: { pausesMs: [0], writes: "burst" } },
  ),
  plan(
    [session(replies({ outcome: "append", resultChars: 300, style: "unicode" }, plainCall))],
    [round({ session: 0, nth: 12 }, killServer, { delayMs: 3 })],
    { mode: "free", free: { pausesMs: [1], writes: "split" } },
  ),
  plan(
    [two, session(replies(plainCall, plainCall), "log-behind")],
    [round({ session: 1, nth: 10 }, { kind: "kill", target: "tree" }, { delayMs: 2 })],
    { mode: "free", free: { pausesMs: [0, 1], writes: "line" } },
  ),
  plan(
    [session([{ calls: [plainCall, { ...plainCall, equalTo: 0 }], parallel: true }])],
    [round(at("result:2/out"), killBoth, { position: "shown" })],
  ),
  plan(
    [session(replies({ outcome: "append", resultChars: 30_000, style: "unicode" }, plainCall), "log-behind")],
    [round(at("call:2/out"), killBoth)],
  ),
  plan([session(replies(plainCall), "ada", 2)], [round(at("result:1/out"), killBoth, { position: "shown" })]),
  plan(
    [two],
    [
      round(
        at("result:2/out"),
        { kind: "kill", target: "tree" },
        {
          position: "shown",
          damage: [{ role: "log", how: "cut", file: 0, record: 0 }],
        },
      ),
    ],
  ),
  plan(
    [two],
    [
      round(
        at("result:2/out"),
        { kind: "kill", target: "tree" },
        {
          position: "shown",
          damage: [{ role: "spool", how: "alter", file: 0, record: 1 }],
        },
      ),
    ],
  ),
  // several lines unread at once
  plan(
    [session([{ calls: [plainCall, plainCall, plainCall], parallel: true }])],
    [
      round(at("call:2/out"), killServer, {
        position: "unread",
        unreadEvents: 3,
        orphan: { beforeRestart: 12, beforeObserve: 0, duringResume: 0 },
      }),
    ],
  ),
  // one session is struck, its neighbour is not
  plan(
    [two, session(replies(plainCall))],
    [round(at("call:2/out"), { kind: "kill", target: "agent" }), round(at("exit", 1), killServer)],
  ),
  plan(
    [two, session(replies(plainCall))],
    [
      round(
        at("result:2/out"),
        { kind: "kill", target: "tree" },
        {
          position: "shown",
          damage: [{ role: "spool", how: "cut", file: 0, record: 0 }],
        },
      ),
    ],
  ),
  // this version, the next one, this one again, over an agent that lives and one that does not
  plan(
    [session(replies(plainCall, plainCall, plainCall))],
    [
      round(at("result:1/out"), killServer, { position: "shown", version: "next" }),
      round(at("result:2/out"), { kind: "term" }, { position: "shown", version: "this" }),
      round(at("call:3/log"), killBoth, { version: "next" }),
      round({ phase: "ready" }, killServer, { version: "this" }),
    ],
    { clients: 2 },
  ),
  // behind a buffered stdout: it has acted, and is gone before a word of it was heard
  plan([two], [round({ session: 0, nth: 9 }, { kind: "kill", target: "tree" }, { delayMs: 0 })], {
    mode: "free",
    free: { pausesMs: [4], writes: "burst" },
  }),
  // gone with a result unheard; resumed, it outlives its server
  plan(
    [two],
    [
      round({ session: 0, attempt: 1, event: "result:1/out" }, killBoth),
      round({ session: 0, attempt: 2, event: "call:2/out" }, killServer),
    ],
  ),
  // a further turn is struck as it begins
  plan(
    [session(replies(plainCall), "ada", 2)],
    [round({ session: 0, attempt: 2, event: "start/out" }, { kind: "kill", target: "tree" })],
  ),
  // what failed had an effect too
  plan(
    [session(replies({ ...plainCall, outcome: "fail" }, plainCall))],
    [round(at("call:2/log"), killBoth, { position: "shown" })],
  ),
  plan([two], [round(at("result:1/out"), { kind: "reload", by: "node-watch" }, { position: "shown" })]),
  plan([two], [round(at("effect:2"), { kind: "reload", by: "tsx" })]),
  // an agent that speaks ACP and asks: a permission is open when the server is killed, and granted by the next
  plan(
    [{ ...session(replies({ ...plainCall, asks: true }, { ...plainCall, asks: true })), agent: "acp" }],
    [
      round(at("ask:1/out"), killServer, { position: "unread" }),
      round(at("result:2/out"), killBoth, { position: "shown" }),
    ],
  ),
];

/** One whose server ends at an operation of its own; which one is drawn when it is known what there is. */
export const boundaryPlan: Plan = plan([two], [round(at("result:2/log"), killBoth)]);

/** The directed plans that this subject and these faults allow. */
export function directedPlans(can: Abilities, faults: readonly FaultName[]): Plan[] {
  const isSpoken = ({ sessions }: Plan) => can.acp === true || sessions.every(({ agent }) => agent !== "acp");
  const possible = plans.filter(
    (one) =>
      isSpoken(one) &&
      one.rounds.every(
        ({ fault, damage, insists = false, version }) =>
          !(insists && can.resumesByPrompt) &&
          (version === undefined || can.versions === true) &&
          faults.includes(fault.kind) &&
          isAvailable(can, fault) &&
          (damage.length === 0 || (can.damage && faults.includes("damage"))),
      ),
  );
  return can.agents === undefined ? possible : possible.map(asItsAgentsAre);
}

/** Agents that a subject names do not log behind their own words. */
function asItsAgentsAre(planned: Plan): Plan {
  return { ...planned, sessions: planned.sessions.map((one) => ({ ...one, storeLag: "ada" })) };
}
