/**
 * One session laid out for judgement: turns, calls, and how each attempt ended.
 *
 * Always: made once a cut; the modules that raise findings only read it.
 */
import type { SourceName } from "../model/cite.ts";
import type { AttemptEvidence, Evidence, SourceCut, ToldEvidence } from "../model/evidence.ts";
import type { Fact } from "../model/fact.ts";
import { type Turn, turnsOf } from "../model/turn.ts";
import type { AttemptVerdict } from "../model/verdict.ts";
import { type Call, callsOf } from "./call.ts";
import { type Judged, judgeCall, type Life } from "./judge.ts";

export interface AttemptCase {
  readonly evidence: AttemptEvidence;
  readonly state: AttemptVerdict["state"];
}

export interface Case {
  readonly evidence: Evidence;
  readonly turns: readonly Turn[];
  readonly attempts: readonly AttemptCase[];
  readonly calls: readonly Judged[];
  /** The same, by their turns: a long history has many of both. */
  readonly callsByTurn: ReadonlyMap<Turn, readonly Judged[]>;
  /** Per call what a resume answers; undefined when nobody asked the store. */
  readonly told: ReadonlyMap<string, ToldEvidence["answer"]> | undefined;
  /** The last attempt whose agent was, or may have been, started. */
  readonly latest: AttemptCase | undefined;
  /** No agent of ours is there, and none may be: the agent's own files are at rest. */
  readonly atRest: boolean;
}

/** Lays out a cut. */
export function openCase(evidence: Evidence): Case {
  const openers = evidence.attempts.map(({ attempt, prompt, started }) => ({
    attempt,
    prompt,
    started: started !== "no",
  }));
  const turns = turnsOf(evidence.sources, openers);
  const calls = callsOf(turns, (turn) => mayLackRecords(evidence, turn.attempt, ["L"]));
  const attempts = evidence.attempts.map((attempt) => attemptCase(attempt, turns, calls));
  const judged = calls.map((call) => judgeCall(call, lifeOf(call.turn, turns, evidence), evidence));
  const callsByTurn = new Map<Turn, Judged[]>(turns.map((turn) => [turn, []]));
  for (const one of judged) callsByTurn.get(one.call.turn)?.push(one);
  return {
    evidence,
    turns,
    attempts,
    calls: judged,
    callsByTurn,
    told: toldIn(evidence),
    latest: attempts.findLast(({ state }) => state !== "never-started"),
    atRest: !attempts.some(({ state }) => state === "live") && evidence.stranger === undefined,
  };
}

/** After a power cut, or where one of the sources is damaged, a record that is not there may have been. */
export function mayLackRecords(
  { attempts, bootChanged, sources }: Evidence,
  number: number | undefined,
  of: readonly SourceName[],
): boolean {
  const attempt = attempts.find((other) => other.attempt === number);
  const isDamaged = sources.some(({ source, damage }) => of.includes(source) && damage.length > 0);
  return isDamaged || (attempt?.bootChanged ?? bootChanged);
}

/** Of several answers to one id the best. */
function toldIn({ told }: Evidence): Map<string, ToldEvidence["answer"]> | undefined {
  if (told === undefined) return undefined;
  const best = new Map<string, ToldEvidence["answer"]>();
  for (const { callId, answer } of told) {
    const known = best.get(callId);
    if (known === undefined || known === "none" || answer === "result") best.set(callId, answer);
  }
  return best;
}

/** The cut of one of the agent's files; undefined when nobody looked. */
export function cutOf({ evidence }: Case, source: "L" | "S"): SourceCut | undefined {
  return evidence.sources.find((cut) => cut.source === source);
}

/** How a turn ended; of a turn without an attempt only its own end record can tell. */
export function turnState(one: Case, turn: Turn): AttemptVerdict["state"] {
  const attempt = one.attempts.find(({ evidence }) => evidence.attempt === turn.attempt);
  if (attempt !== undefined) return attempt.state;
  const calls = one.callsByTurn.get(turn)?.map(({ call }) => call) ?? [];
  return endOf(turn, calls)?.outcome ?? "interrupted";
}

function attemptCase(evidence: AttemptEvidence, turns: readonly Turn[], calls: readonly Call[]): AttemptCase {
  const turn = turns.find(({ attempt }) => attempt === evidence.attempt);
  const own = calls.filter((call) => call.turn === turn);
  return { evidence, state: attemptState(evidence, turn === undefined ? undefined : endOf(turn, own)) };
}

function attemptState(evidence: AttemptEvidence, end: TurnEnd | undefined): AttemptVerdict["state"] {
  if (evidence.started === "no") return "never-started";
  if (evidence.liveness !== "dead") return "live";
  if (end?.outcome === "completed") return "completed";
  if (evidence.cancelled !== undefined) return "cancelled";
  return end?.outcome ?? "interrupted";
}

interface TurnEnd {
  readonly fact: Fact;
  readonly outcome: "completed" | "failed" | "cancelled";
}

/**
 * The turn's end as a source has it. The agent's own word on its stream is taken as it is, unless it was given more to do
 * or made a call behind it; the log's last answer is an end only if nothing follows it and every call of the turn has its
 * result.
 */
function endOf(turn: Turn, calls: readonly Call[]): TurnEnd | undefined {
  const at = turn.O.findLastIndex(({ body }) => body.kind === "turn-end");
  const said = turn.O[at];
  const goesOn = turn.O.slice(at + 1).some(({ body }) => body.kind === "call" || body.kind === "prompt");
  if (said?.body.kind === "turn-end" && !goesOn) return { fact: said, outcome: said.body.outcome };
  const last = turn.L.at(-1);
  if (last?.body.kind !== "turn-end") return undefined;
  const isClosed = calls.every(({ results }) => results.length > 0);
  return isClosed ? { fact: last, outcome: last.body.outcome } : undefined;
}

/** An agent that is not ours works on the last turn, if on any. */
function lifeOf(turn: Turn, turns: readonly Turn[], { attempts, stranger }: Evidence): Life {
  const attempt = attempts.find((other) => other.attempt === turn.attempt);
  if (attempt !== undefined) return attempt.liveness;
  if (stranger === undefined || turn !== turns.at(-1)) return "none";
  return stranger.certain ? "alive" : "unknown";
}
