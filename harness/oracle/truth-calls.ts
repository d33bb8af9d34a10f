/**
 * Truth of the classes that compare what the subject holds with what the agent stored: snapshot-behind-log,
 * journal-ahead, agent-ahead, dangling-call. All of them assume that no agent works on the session.
 *
 * Always: a cause that a later attempt was told of, or made up for, demands no flag any more.
 */
import { type Attempt, isUnallowed } from "./attempts.ts";
import { damagesOf, type Facts } from "./facts.ts";
import { receivedOverPipe } from "./received.ts";
import { logHas, replyNames, runsATool, type SessionAt, withHidden } from "./session-at.ts";
import { no, type Truth } from "./truth-value.ts";

/** The log holds a prompt, a final reply or a finished call that the snapshot lacks. */
export function snapshotBehindLog(at: SessionAt): Truth {
  const snapshots = at.snapshots.filter((snapshot) => snapshot !== "unreadable");
  // Without a readable snapshot the class is "unreadable", and this one cannot be told.
  if (snapshots.length === 0 || snapshots.length < at.snapshots.length) return no;
  const results = new Set(snapshots.flatMap((snapshot) => [...snapshot.results.keys()]));
  const texts = snapshots.flatMap((snapshot) => snapshot.assistantTexts);
  const prompts = snapshots.flatMap((snapshot) => snapshot.prompts);
  const isUnstored = (callId: string) => !results.has(callId);
  // No snapshot carries a result without its call, and damage may have taken that.
  const isPaired = (callId: string) => logHas(at, "calls", callId) || replyNames(at, callId);
  for (const log of at.logs) {
    const missing = [...log.results.keys()].filter((callId) => isUnstored(callId) && isPaired(callId));
    if (missing.length > 0)
      return { is: "yes", why: `the snapshot lacks the result of ${missing.join(", ")}`, callIds: missing };
    const final = log.replies.find(
      ({ stopReason, text }) => stopReason === "end_turn" && text !== "" && !texts.includes(text),
    );
    if (final !== undefined) return { is: "yes", why: "the snapshot lacks the final reply" };
  }
  const prompt = promptBehind(
    at.logs.flatMap((log) => log.prompts),
    prompts,
  );
  const isTextBehind = at.logs.some(({ replies }) =>
    isMoreOften(
      replies.map(({ text }) => text),
      texts,
    ),
  );
  if (prompt.is !== "no") return prompt;
  if (at.logs.some((log) => [...log.results.keys()].some(isUnstored)))
    return { is: "maybe", why: "the snapshot lacks a result whose call is lost" };
  if (at.logs.some(({ lines }) => lines.bad.some(({ hidesRecord }) => hidesRecord === true)))
    return { is: "maybe", why: "the log holds a record behind a torn one, which the snapshot may lack" };
  // Text between calls, and a call, is no turn of its own; normally the prompt before it tells.
  if (isTextBehind) return { is: "maybe", why: "the snapshot lacks a reply's text" };
  const isCallBehind = at.logs.some(
    ({ lines, calls }) =>
      lines.bad.length > 0 &&
      [...calls.keys()].some((callId) => !snapshots.some((snapshot) => snapshot.callIds.has(callId))),
  );
  return isCallBehind ? { is: "maybe", why: "the snapshot lacks a call, and a prompt may be lost" } : no;
}

/** One of the logged texts is stored less often: agents say the same in two turns. */
function isMoreOften(logged: readonly string[], stored: readonly string[]): boolean {
  const count = (all: readonly string[], text: string) => all.filter((other) => other === text).length;
  return logged.some((text) => text !== "" && count(logged, text) > count(stored, text));
}

function promptBehind(logged: readonly string[], stored: readonly string[]): Truth {
  const why = "the snapshot lacks a prompt";
  let truth: Truth = no;
  for (const text of new Set(logged)) {
    const wanted = logged.filter((other) => other === text).length;
    if (stored.filter((other) => other === text).length >= wanted) continue;
    // A hand-over may quote an earlier prompt inside another one.
    if (stored.filter((other) => other.includes(text)).length < wanted) return { is: "yes", why };
    truth = { is: "maybe", why };
  }
  return truth;
}

/** The subject holds a call or result that the agent's log lacks. */
export function journalAhead(at: SessionAt): Truth {
  // Nobody can be ahead of a store that nobody can read.
  if (!at.hasStore) return no;
  const results = [...at.heldResults].filter((callId) => !logHas(at, "results", callId));
  const calls = [...at.heldCalls].filter((callId) => !logHas(at, "calls", callId));
  // A log that nobody told the subject of (the line that names it is damaged) may count as its own or not.
  const all = withHidden(at);
  // Whose agent is on record nowhere, nobody can find the log of.
  const isNamed = at.named.size > 0 && !at.mayBeRenamed;
  const causes = [
    ...results.map((callId) => ({ callId, sure: isNamed && !logHas(all, "results", callId) })),
    // A reply in the log that names the call: the store knows of it, if not in a record of its own.
    ...calls.map((callId) => ({
      callId,
      sure: isNamed && !replyNames(at, callId) && !logHas(all, "calls", callId),
    })),
    ...[...at.openResults].filter((callId) => !logHas(at, "results", callId)).map(unsure),
    ...[...at.openCalls].filter((callId) => !logHas(at, "calls", callId)).map(unsure),
  ];
  return truthOfCauses(at, causes, (ids) => `the stream delivered ${ids}, the agent's log lacks it`);
}

/** The agent's log holds a call or result that the stream never delivered to the subject. */
export function agentAhead(facts: Facts, at: SessionAt): Truth {
  const causes = at.logs.flatMap((log) => [
    ...[...log.calls.keys()].map((callId) => undelivered(facts, at, "call", callId)),
    ...[...log.results.keys()].map((callId) => undelivered(facts, at, "result", callId)),
  ]);
  const named = at.logs.flatMap((log) => log.replies.flatMap(({ toolUseIds }) => toolUseIds));
  const early = named
    .filter((callId) => !at.heldCalls.has(callId) && !logHas(at, "calls", callId))
    .map(unsure);
  const found = [...causes.filter((cause) => cause !== undefined), ...early];
  return truthOfCauses(at, found, (ids) => `the agent's log holds ${ids}, the stream never delivered it`);
}

function undelivered(
  facts: Facts,
  at: SessionAt,
  type: "call" | "result",
  callId: string,
): Cause | undefined {
  const held = type === "call" ? at.heldCalls : at.heldResults;
  if (facts.hasSpool) {
    const open = type === "call" ? at.openCalls : at.openResults;
    if (open.has(callId)) return unsure(callId);
    if (at.spools.some((spool) => spool[type === "call" ? "calls" : "results"].has(callId))) return undefined;
    // A line that was delivered once, and taken from the spool by damage: both words for it are right.
    const wasTaken =
      held.has(callId) || damagesOf(facts, at.session, at.ns).some(({ role }) => role === "spool");
    return { callId, sure: !wasTaken };
  }
  if (held.has(callId)) return undefined;
  const received = receivedOverPipe(facts, at.session, callId, type);
  return received === "yes" ? undefined : { callId, sure: received === "no" };
}

/** A call whose result is in no source. */
export function danglingCall(at: SessionAt): Truth {
  const logged = at.logs.flatMap((log) => [...log.calls.keys()]);
  const named = at.logs.flatMap((log) => log.replies.flatMap(({ toolUseIds }) => toolUseIds));
  const isOpen = (callId: string) => !at.heldResults.has(callId) && !logHas(at, "results", callId);
  const calls = new Set([...at.heldCalls, ...logged].filter(isOpen));
  const early = [...new Set(named)].filter((callId) => isOpen(callId) && !calls.has(callId));
  // A snapshot is a cache, and may be all that is left.
  const isCached = (callId: string) =>
    at.snapshots.some((snapshot) => snapshot !== "unreadable" && snapshot.results.has(callId));
  // What its tool comes to is not known yet; what was never allowed was not made.
  const isElse = (callId: string) =>
    runsATool(at, callId) || at.attempts.some((attempt) => isUnallowed(attempt, callId));
  const causes = [
    ...[...calls].map((callId) => {
      return { callId, sure: !at.openResults.has(callId) && !isCached(callId) && !isElse(callId) };
    }),
    ...[...early, ...[...at.openCalls].filter(isOpen)].map(unsure),
  ];
  return truthOfCauses(at, causes, (ids) => `no source holds a result of ${ids}`);
}

interface Cause {
  readonly callId: string;
  readonly sure: boolean;
}

function unsure(callId: string): Cause {
  return { callId, sure: false };
}

function truthOfCauses(at: SessionAt, causes: readonly Cause[], say: (ids: string) => string): Truth {
  if (causes.length === 0) return no;
  const sure = causes.filter(({ callId, sure: known }) => known && !isMadeUpFor(at, callId));
  const of = sure.length > 0 ? sure : causes;
  const callIds = [...new Set(of.map(({ callId }) => callId))];
  return { is: sure.length > 0 ? "yes" : "maybe", why: say(callIds.join(", ")), callIds };
}

/** A later attempt was told of the call's step, or took it up again. */
function isMadeUpFor(at: SessionAt, callId: string): boolean {
  const owner = at.attempts.findIndex((attempt) => attempt.stepOf.has(callId));
  const step = at.attempts[owner]?.stepOf.get(callId);
  if (step === undefined) return false;
  return at.attempts.slice(owner + 1).some((later) => takesUp(later, step));
}

function takesUp(later: Attempt, step: string): boolean {
  const knows = later.knows?.[step];
  const told = knows === "known" || knows === "cut" || knows === "told-unknown";
  return told || later.skipped.has(step) || later.effects.some((effect) => effect.step === step);
}
