/**
 * result-unchanged: see `says`. The fake agent's results are known to the last character, so they are compared whole.
 */
import { atMs, damagesOf, type Facts, factsOf, phaseOf, sessionsOf, whenOf } from "../oracle/facts.ts";
import { logResultCharsMax } from "../oracle/readers.ts";
import {
  type StepFacts,
  stepOfCall,
  stepOfResult,
  stepsNamedIn,
  stepsOf,
  useOfCall,
} from "../oracle/steps.ts";
import type { Check, Phase, Violation } from "./contract.ts";
import { judged, notApplicable, observationsOf, overlaps, reportedRanges } from "./judging.ts";

export const resultUnchanged: Check = {
  promise: "result-unchanged",
  says: "A call's result is shown as the agent emitted it, whole unless it is marked as cut, and equal calls are told apart.",
  judge(run) {
    const facts = factsOf(run);
    if (!facts.attempts.some(({ emissions }) => emissions.some(({ type }) => type === "call")))
      return notApplicable("no agent made a call");
    const given = sessionsOf(facts).map((session) => ({ session, all: givenIn(facts, session) }));
    if (given.every(({ all }) => all.length === 0)) return notApplicable("no call was shown or listed");
    return judged(given.flatMap(({ session, all }) => inSession(facts, session, all)));
  },
};

/** One text that was given out as the result of a call. */
interface Given {
  readonly what: "call" | "result";
  readonly callId: string | undefined;
  readonly input: unknown;
  readonly text: string | undefined;
  readonly isError: boolean | undefined;
  readonly phase: Phase;
  readonly where: string;
  /** Beside it the orchestrator says that something of the session is damaged. */
  readonly reported: boolean;
}

function inSession(facts: Facts, session: number, all: readonly Given[]): readonly Violation[] {
  return all.flatMap((given): Violation[] => {
    const kind =
      given.callId === undefined ? withoutId(facts, session, given) : changed(facts, session, given);
    if (kind === undefined) return [];
    const name = given.callId === undefined ? "a call without an id" : `call ${given.callId}`;
    return [{ kind, phase: given.phase, story: `${told[kind]} ${name}, ${given.where}` }];
  });
}

type Kind =
  | "result-changed"
  | "result-shortened"
  | "results-swapped"
  | "error-flag-changed"
  | "call-id-missing";

const told: Readonly<Record<Kind, string>> = {
  "result-changed": "another text than the agent emitted is the result of",
  "result-shortened": "only a part, not marked as cut, is the result of",
  "results-swapped": "the result of another call is given for",
  "error-flag-changed": "success and failure are exchanged for",
  "call-id-missing": "two equal calls cannot be told apart:",
};

function givenIn(facts: Facts, session: number): readonly Given[] {
  const given: Given[] = [];
  for (const { session: of, event, ns, client } of facts.shown) {
    if (of !== session || (event.type !== "result" && event.type !== "call")) continue;
    const { type: what, callId, input, text, isError } = event;
    const where = `shown to client ${client} at ${atMs(facts, ns)} after start`;
    given.push({ what, callId, input, text, isError, phase: "stream", where, reported: true });
  }
  for (const { observation, observed } of observationsOf(facts, session)) {
    const phase = phaseOf(observation);
    const when = whenOf(facts, observation);
    const reported = reportedRanges(observed).length > 0;
    for (const { type: what, callId, input, text, isError } of observed.history)
      if (what === "result" || what === "call")
        given.push({ what, callId, input, text, isError, phase, where: `in the history ${when}`, reported });
    for (const { id: callId, input, result: text } of observed.calls)
      given.push({
        what: "call",
        callId,
        input,
        text,
        isError: undefined,
        phase,
        where: `among the calls ${when}`,
        reported,
      });
  }
  return given;
}

function changed(facts: Facts, session: number, given: Given): Kind | undefined {
  const step = stepOfCall(facts, session, given.callId ?? "");
  if (step === undefined) return undefined;
  const isError = step.call.outcome === "fail";
  if (given.what === "result" && given.isError !== undefined && given.isError !== isError)
    return "error-flag-changed";
  const text = given.text;
  if (text === undefined || (given.what === "call" && text === "") || text === step.content) return undefined;
  if (isExcused(facts, session, given)) return undefined;
  const other = stepOfResult(facts, session, text);
  if (other !== undefined && other.step !== step.step && !text.includes(step.tokens.resultToken))
    return "results-swapped";
  // Bytes that were decoded apart from their neighbours leave this mark.
  const isMangled = text.includes("\ufffd") && !step.content.includes("\ufffd");
  if (isMangled || !isShortened(text, step.content)) return "result-changed";
  return isMarkedCut(text, step.content) || isLogOnly(facts, session, given.callId ?? "", text)
    ? undefined
    : "result-shortened";
}

/**
 * The bytes of the result's line were damaged: what is left of it is not the subject's doing. Where a character was
 * altered, what is left looks whole, and is not to be given out as what was said without a word.
 */
function isExcused(facts: Facts, session: number, { callId = "", reported }: Given): boolean {
  const line = useOfCall(facts, session, callId)?.result;
  if (line === undefined) return false;
  return damagesOf(facts, session).some(
    (damage) => damage.role === "spool" && overlaps(damage, line) && (damage.how !== "flip" || reported),
  );
}

const headCharsMin = 20;

function isShortened(text: string, content: string): boolean {
  return content.startsWith(text) || content.startsWith(text.slice(0, headCharsMin));
}

/** What stands where the text leaves the original says that something was left out. */
function isMarkedCut(text: string, content: string): boolean {
  let at = 0;
  while (at < text.length && text[at] === content[at]) at += 1;
  return /…|\.\.\.|\bcut\b|truncat|omitted|left out|shortened|more (characters|bytes)|only (this|the|its) (beginning|head|first)/i.test(
    text.slice(Math.max(0, at - 3)),
  );
}

/** The agent's own log holds no more than this, and the stream never delivered the result, or a crash took it again. */
function isLogOnly(facts: Facts, session: number, callId: string, text: string): boolean {
  const line = useOfCall(facts, session, callId)?.result;
  const delivered = line?.doneNs !== undefined && !line.failed;
  const taken =
    line !== undefined &&
    facts.losses.some((loss) => loss.role === "spool" && loss.session === session && overlaps(loss, line));
  return (!delivered || taken) && text.length === logResultCharsMax;
}

/** Ids matter where two equal calls have different results. */
function withoutId(facts: Facts, session: number, given: Given): Kind | undefined {
  const steps =
    given.what === "result"
      ? [stepOfResult(facts, session, given.text ?? "")].filter((step) => step !== undefined)
      : stepsNamedIn(facts, session, given.input);
  return steps.some((step) => hasEqual(facts, step)) ? "call-id-missing" : undefined;
}

function hasEqual(facts: Facts, step: StepFacts): boolean {
  return stepsOf(facts).some(
    (other) =>
      other.step !== step.step &&
      other.session === step.session &&
      other.tokens.callToken === step.tokens.callToken &&
      other.uses.length > 0,
  );
}
