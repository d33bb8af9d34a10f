/**
 * The truth of flags: which classes of divergence hold for a session at a cut.
 *
 * Always: from the files as cut, the ledgers, the processes and the damage that was done. "maybe" where the facts
 * leave room (an agent about to start or ending; bytes begun; a file that sessions share): it demands and forbids
 * nothing.
 */
import type { DiskCut } from "../history.ts";
import type { ObservedSession } from "../subject/contract.ts";
import { type Emission, overlapsOf } from "./attempts.ts";
import { type FlagClass, flagClasses } from "./classes.ts";
import { wereTaken } from "./crash-losses.ts";
import { damagesOf, type Facts, isAgentsFile, type Observation, observedSession } from "./facts.ts";
import { type SessionAt, sessionAt, withHidden } from "./session-at.ts";
import { agentAhead, danglingCall, journalAhead, snapshotBehindLog } from "./truth-calls.ts";
import { unreadable } from "./truth-unreadable.ts";
import { no, type Truth } from "./truth-value.ts";

export type TruthTable = Readonly<Record<FlagClass, Truth>>;

const cache = new WeakMap<Observation, (TruthTable | undefined)[]>();

/** Truth of all classes for one session where an observation was made; undefined without a cut. Told once. */
export function truthAt(facts: Facts, observation: Observation, session: number): TruthTable | undefined {
  if (observation.cut === undefined) return undefined;
  const known = cache.get(observation) ?? [];
  cache.set(observation, known);
  known[session] ??= readTruth(facts, observation, observation.cut, session);
  return known[session];
}

function readTruth(facts: Facts, observation: Observation, cut: DiskCut, session: number): TruthTable {
  const at = sessionAt(facts, cut, session);
  const observed = observedSession(facts, observation, session);
  return Object.fromEntries(
    flagClasses.map((name) => [name, truthOf(facts, name, at, observed, observation)]),
  ) as unknown as TruthTable;
}

function truthOf(
  facts: Facts,
  name: FlagClass,
  at: SessionAt,
  observed: ObservedSession | undefined,
  observation: Observation,
): Truth {
  if (name === "unreadable") return unreadable(facts, at, observation.round);
  if (at.attempts.length === 0) return unstarted(at, name);
  switch (name) {
    case "second-writer":
      return secondWriter(at);
    case "unexpected-live":
      return unexpectedLive(at, observed, observation);
    case "ghost-running":
      return softened(
        at,
        ofStore(at, (seen) => ghostRunning(facts, seen)),
        name,
      );
    case "snapshot-behind-log":
      return softened(at, ofStore(at, snapshotBehindLog), name);
    case "journal-ahead":
      return renamed(at, softened(at, journalAhead(at), name));
    case "agent-ahead":
      return softened(
        at,
        ofStore(at, (seen) => agentAhead(facts, seen)),
        name,
      );
    case "dangling-call":
      return softened(at, ofStore(at, danglingCall), name);
  }
}

/** No agent has shown itself: where one is about to, it may live or be gone. */
function unstarted(at: SessionAt, name: FlagClass): Truth {
  const open = at.pending && (name === "ghost-running" || name === "unexpected-live");
  return open ? { is: "maybe", why: "an agent is about to start" } : no;
}

/** These classes need that no agent works on the session; where that is unsure, so are they. */
function softened(at: SessionAt, truth: Truth, name: FlagClass): Truth {
  if (at.life === "alive") return no;
  if (at.life === "dead") return truth;
  if (at.pending && name === "ghost-running") return { is: "maybe", why: "an agent is about to start" };
  return truth.is === "no" ? truth : { ...truth, is: "maybe" };
}

/** Whoever believes that the session has another id finds none of what the log holds, of a turn that is over and beside a live one. */
function renamed(at: SessionAt, truth: Truth): Truth {
  if (!at.mayBeRenamed || truth.is !== "no") return truth;
  return { is: "maybe", why: "an altered line may have given the session another id" };
}

/**
 * Where a hidden file of the agent's store decides, both are right: nobody need know of it, and a journal may have
 * kept its name from before the line that tells it was damaged.
 */
function ofStore(at: SessionAt, judge: (seen: SessionAt) => Truth): Truth {
  const truth = judge(at);
  if (at.hidden.logs.length === 0 && at.hidden.snapshots.length === 0) return truth;
  // Which of several hidden stores is known is open, too: one that is unreadable need not be among them.
  const readable = at.hidden.snapshots.filter((snapshot) => snapshot !== "unreadable");
  for (const hidden of [at.hidden, { ...at.hidden, snapshots: readable }]) {
    const all = judge(withHidden({ ...at, hidden }));
    if (all.is !== truth.is) return { ...(truth.is === "no" ? all : truth), is: "maybe" };
  }
  return truth;
}

/** A run is on, no process works on it, and nothing says that it came to its end. */
function ghostRunning(facts: Facts, at: SessionAt): Truth {
  const latest = at.attempts.at(-1);
  if (latest === undefined || facts.run.sessionIds[at.session] === undefined) return no;
  const end = latest.emissions.find(({ type }) => type === "end");
  const logged = latest.entries.filter((entry) => entry.kind === "store" && entry.phase === "done");
  const prompt = logged.find((entry) => entry.kind === "store" && entry.type === "user_message");
  const isPromptThere = prompt?.kind === "store" && !wereTaken(facts, prompt, at.ns);
  if (isPromptThere && at.logs.some((log) => log.lastTurnEnded))
    return isLogDamaged(facts, at) ? { is: "maybe", why: "the log that holds the end is damaged" } : no;
  const isHiddenEnd = isPromptThere && at.hidden.logs.some((log) => log.lastTurnEnded);
  const why = `attempt ${latest.attempt} is gone and neither its stdout nor the agent's log holds an end`;
  // Whoever looked before the power was cut has seen the end, and may have it on record.
  const final = logged.find((entry) => entry.kind === "store" && entry.event === "final/log");
  if (final?.kind === "store" && wereTaken(facts, final, at.ns)) return { is: "maybe", why };
  if (end === undefined) return { is: isHiddenEnd ? "maybe" : "yes", why };
  const inSpool = at.spools.some((spool) => spool.ended) && !wasSpoolCut(facts, at, end);
  const lost = end.failed || end.doneNs === undefined || (facts.hasSpool && !inSpool);
  return lost ? { is: "maybe", why } : no;
}

/** A turn whose records are not all there may be taken for one that did not come to its end. */
function isLogDamaged(facts: Facts, at: SessionAt): boolean {
  return damagesOf(facts, at.session, at.ns).some(({ path }) => isAgentsFile(facts, path));
}

/** A crash took what the session's agent had last said. */
function wasSpoolCut(facts: Facts, at: SessionAt, { toByte, beginNs }: Emission): boolean {
  return facts.losses.some(
    (loss) =>
      loss.role === "spool" &&
      loss.session === at.session &&
      loss.fromByte < toByte &&
      BigInt(loss.t) > beginNs &&
      BigInt(loss.t) <= at.ns,
  );
}

function unexpectedLive(
  at: SessionAt,
  observed: ObservedSession | undefined,
  observation: Observation,
): Truth {
  if (at.life === "dead") return no;
  if (observed?.live === "yes" && observed.ended !== "yes") return no;
  const why = `an agent of the session is alive, which the orchestrator does not say`;
  if (at.life === "unsure") return { is: "maybe", why };
  const alive = at.attempts.filter(({ nonce }) => at.cut.alive.some((agent) => agent.nonce === nonce));
  const stays = alive.some(({ goneByNs }) => goneByNs === undefined || goneByNs > observation.ns);
  return { is: stays ? "yes" : "maybe", why };
}

function secondWriter(at: SessionAt): Truth {
  const [overlap] = overlapsOf(at.attempts, at.ns);
  if (overlap === undefined) return no;
  const { earlier, later } = overlap;
  return { is: "yes", why: `attempts ${earlier.attempt} and ${later.attempt} lived at once` };
}
