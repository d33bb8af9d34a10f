/**
 * Findings from laying one source beside another: what one holds and the other does not.
 *
 * Always: judged only where nobody is writing any more. A call that nobody has a result of is not missed in a
 * snapshot: a rebuilt one leaves it out and names it in the prompt. A shortened result covers the whole one.
 */
import type { Fact } from "../model/fact.ts";
import { isSamePrompt, type Turn } from "../model/turn.ts";
import type { Finding } from "../model/verdict.ts";
import type { Call } from "./call.ts";
import { type Case, cutOf, turnState } from "./case.ts";
import { attemptOf, citeFact, placeOf, raise } from "./finding.ts";
import { isSnapshotReadable } from "./stores.ts";

/** All findings of comparing. */
export function coverageFindings(one: Case): Finding[] {
  return [...streamAgainstLog(one), ...foreignTurns(one), ...snapshotBehind(one), ...snapshotAhead(one)];
}

/** O against L, call by call: `journal-ahead` and `agent-ahead`. */
function streamAgainstLog(one: Case): Finding[] {
  const log = cutOf(one, "L");
  if (log === undefined || log.status === "unreadable") return [];
  return one.turns.flatMap((turn) => {
    const isOver = turn.attempt !== undefined && turnState(one, turn) !== "live";
    if (!isOver) return [];
    const isSpoolUnreadable = one.evidence.sources.some(({ source, status, facts }) => {
      return source === "O" && status === "unreadable" && facts.length === 0;
    });
    const ahead = [...lackingIn(turn.L, turn.O)].map(([callId, fact]) => {
      const summary = `The agent's output has ${wordOf(fact)} of call ${callId}, its log does not.`;
      return aheadFinding(one, turn, "journal-ahead", callId, fact, summary);
    });
    if (isSpoolUnreadable) return ahead;
    const behind = [...lackingIn(turn.O, turn.L)].map(([callId, fact]) => {
      const summary = `The agent's log has ${wordOf(fact)} of call ${callId}, its recorded output does not.`;
      return aheadFinding(one, turn, "agent-ahead", callId, fact, summary);
    });
    return [...ahead, ...behind];
  });
}

/** First call or result of each call id in `whole` that `part` has none of. */
function lackingIn(part: readonly Fact[], whole: readonly Fact[]): Map<string, Fact> {
  const have = new Set(part.map(keyOf));
  const lacking = new Map<string, Fact>();
  for (const fact of whole) {
    const { body } = fact;
    if (body.kind !== "call" && body.kind !== "result") continue;
    if (!have.has(keyOf(fact)) && !lacking.has(body.callId)) lacking.set(body.callId, fact);
  }
  return lacking;
}

function keyOf({ body }: Fact): string {
  return body.kind === "call" || body.kind === "result" ? `${body.kind} ${body.callId}` : "";
}

function wordOf({ body }: Fact): string {
  return body.kind === "result" ? "the result" : "the start";
}

function aheadFinding(
  one: Case,
  turn: Turn,
  code: "journal-ahead" | "agent-ahead",
  callId: string,
  fact: Fact,
  summary: string,
): Finding {
  const cites = [citeFact(fact), endCite(one, code === "journal-ahead" ? "L" : "O", turn)];
  const rest = { at: placeOf(fact), summary, cites, callId, ...attemptOf(turn) };
  return raise(one, { code, severity: "warning", ...rest });
}

/** How far the source reaches that lacks something: its last fact of the turn, or that there is none. */
function endCite(one: Case, source: "O" | "L" | "S", turn: Turn) {
  const last = turn[source].at(-1);
  if (last !== undefined) return citeFact(last);
  const cut = one.evidence.sources.find((other) => other.source === source);
  const path = cut?.path === undefined ? {} : { path: cut.path };
  return { source, ...path, value: "nothing of this turn" } as const;
}

/** Turns that somebody else opened. */
function foreignTurns(one: Case): Finding[] {
  return one.turns.flatMap((turn) => {
    const first = turn.L[0];
    if (!turn.foreign || first === undefined) return [];
    const summary = "The agent's log has a turn that was not started from here.";
    const dispatches = one.evidence.attempts.slice(-1).map(({ dispatchCite }) => dispatchCite);
    const cites = [citeFact(first), ...dispatches];
    return [raise(one, { code: "agent-ahead", severity: "warning", at: placeOf(first), summary, cites })];
  });
}

/** The first record of the log that the snapshot does not cover. */
function snapshotBehind(one: Case): Finding[] {
  const snapshot = cutOf(one, "S");
  if (!one.atRest || !isSnapshotReadable(snapshot)) return [];
  const missing = one.turns.flatMap((turn) => uncovered(one, turn));
  const [first] = missing.sort(
    (left, right) => left.range.fromByte - right.range.fromByte || left.k - right.k,
  );
  if (first === undefined) return [];
  const last = snapshot.facts.findLast(({ body }) => body.kind !== "session");
  const end = { source: "S", value: "no messages" } as const;
  const path = snapshot.path === undefined ? {} : { path: snapshot.path };
  const cites = [citeFact(first), last === undefined ? { ...end, ...path } : citeFact(last)];
  const summary = `The snapshot lacks what the log holds from byte ${first.range.fromByte} on (${missing.length} ${missing.length === 1 ? "entry" : "entries"}).`;
  const at = placeOf(first);
  return [raise(one, { code: "snapshot-behind-log", severity: "warning", at, summary, cites })];
}

function uncovered(one: Case, turn: Turn): Fact[] {
  const texts = new Map<string, number>();
  const keys = new Set<string>();
  for (const fact of turn.S) {
    const { body } = fact;
    if (body.kind === "text") texts.set(body.text, (texts.get(body.text) ?? 0) + 1);
    keys.add(keyOf(fact));
  }
  const answered = new Set(
    (one.callsByTurn.get(turn) ?? []).filter(({ call }) => isCoverable(call)).map(({ call }) => call.id),
  );
  return turn.L.filter((fact) => {
    const { body } = fact;
    if (body.kind === "call" || body.kind === "result") {
      return answered.has(body.callId) && !keys.has(keyOf(fact));
    }
    if (body.kind === "text") {
      const left = texts.get(body.text) ?? 0;
      texts.set(body.text, left - 1);
      return left <= 0 && body.text !== "";
    }
    if (body.kind !== "prompt") return false;
    return !turn.S.some((said) => said.body.kind === "prompt" && isSamePrompt(said.body.text, body.text));
  });
}

/** Could a rebuilt snapshot hold this call? */
function isCoverable({ results, paired, variants }: Call): boolean {
  return results.length > 0 && paired && variants === 1;
}

/** Calls that only the snapshot has. */
function snapshotAhead(one: Case): Finding[] {
  const snapshot = cutOf(one, "S");
  const log = cutOf(one, "L");
  if (!one.atRest || !isSnapshotReadable(snapshot) || log?.status !== "read") return [];
  const isLogWhole = log.facts.length > 0 && log.damage.length === 0;
  return one.turns.flatMap((turn) => {
    return [...lackingIn([...turn.O, ...turn.L], turn.S)].map(([callId, fact]) => {
      const summary = `Only the snapshot has ${wordOf(fact)} of call ${callId}: neither the log nor the recorded output does.`;
      const severity = isLogWhole ? "blocks" : "warning";
      const rest = { at: placeOf(fact), summary, callId, ...attemptOf(turn) };
      const cites = [citeFact(fact), endCite(one, "L", turn)];
      return raise(one, { code: "snapshot-ahead-of-log", severity, cites, ...rest });
    });
  });
}
