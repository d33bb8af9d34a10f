/**
 * One session for a person: its run, every call with its state and evidence, every finding, what a resume sends.
 *
 * Always: pure text; each statement has the place that it rests on.
 */
import type { Sent } from "../agent/resume-types.ts";
import type { Cite } from "../model/cite.ts";
import type { CallState, CallVerdict } from "../model/verdict.ts";
import { clean, type Paint, type Tone } from "./paint.ts";
import { byRank, callsIn, findingLine, todoOf, toneOfRun } from "./table.ts";
import type { InspectedSession } from "./types.ts";

const inputCharsMax = 160;
const sourceWords: Readonly<Record<Cite["source"], string>> = {
  J: "our journal",
  O: "agent's output",
  L: "agent's log",
  S: "agent's snapshot",
  P: "processes",
  W: "workspace",
  C: "configuration",
};

/** The session, line by line. */
export function* historyLines(session: InspectedSession, paint: Paint): Generator<string> {
  const { found, verdict, versions, ourId, leftOut, sent } = session;
  yield `${paint("bold", `${clean(found.agent, 20)} ${clean(found.id, 80)}`)}`;
  yield* facts([
    ["file", clean(found.path)],
    ["in our record as", ourId === undefined ? undefined : clean(ourId)],
    ["version", versions.length === 0 ? undefined : versions.map((version) => clean(version, 40)).join(", ")],
    ["run", paint(toneOfRun(verdict.run.state), verdict.run.state)],
    ["calls", callsIn(verdict.calls, leftOut?.calls ?? 0)],
    ["to do", `${todoOf(session)}. ${clean(verdict.recovery.why)}`],
  ]);
  if (leftOut !== undefined) {
    yield `  ${leftOut.calls} calls of ${leftOut.turns} finished turns are not listed: each has its result.`;
  }
  yield "";
  yield paint("bold", "Calls");
  if (verdict.calls.length === 0) yield "  none";
  for (const [at, call] of verdict.calls.entries()) {
    yield* callLines(call, verdict.recovery.sends[at]?.as ?? "nothing", paint);
  }
  yield "";
  yield paint("bold", "Findings");
  if (verdict.findings.length === 0) yield "  none";
  for (const finding of byRank(verdict.findings)) {
    yield findingLine(finding, paint);
    for (const cite of finding.cites) yield citeLine(cite, paint);
  }
  if (sent.length > 0) {
    yield "";
    yield paint("bold", "What a resume sends to the model");
    yield* sentLines(sent);
  }
}

function* facts(rows: readonly (readonly [string, string | undefined])[]): Generator<string> {
  for (const [name, value] of rows) if (value !== undefined) yield `  ${name.padEnd(17)} ${value}`;
}

const tones: Partial<Readonly<Record<CallState, Tone>>> = {
  completed: "good",
  "result-cut": "good",
  "result-elsewhere": "good",
  "running-adopted": "good",
  indeterminate: "warn",
  "interrupted-partial": "warn",
  failed: "warn",
  "id-conflict": "bad",
  "running-orphan": "bad",
};

const knowing: Readonly<Record<CallVerdict["modelKnows"], string>> = {
  yes: "the model will know",
  no: "the model will not know",
  wrongly: "the model will be told something else",
  unknown: "the model will be told that it is not known",
};

function* callLines(call: CallVerdict, as: string, paint: Paint): Generator<string> {
  const input = clean(JSON.stringify(call.input) ?? "", inputCharsMax);
  yield `  ${paint(tones[call.state] ?? "plain", call.state)}  ${clean(call.id, 80)}  ${clean(call.name, 60)} ${input}`;
  const stands = call.stands === "yes" ? "" : `, stands: ${call.stands}`;
  yield `      effect: ${call.effect}${stands}; ${knowing[call.modelKnows]}; handed over as ${as}`;
  if (call.cites.length > 0) yield paint("dim", `      ${call.cites.map(placeWord).join(", ")}`);
}

/** Where it stands and what it is: "agent's log @1056 call". What the workspace showed is said in full. */
function placeWord({ source, range, value }: Cite): string {
  if (range === undefined) return `${sourceWords[source]}: ${clean(value)}`;
  return `${sourceWords[source]} @${range.fromByte} ${clean(value.split(" ")[0] ?? "", 20)}`;
}

function citeLine({ source, path, range, value }: Cite, paint: Paint): string {
  const where = path === undefined ? "" : ` ${clean(path)}`;
  const bytes = range === undefined ? "" : ` @${range.fromByte}`;
  return paint("dim", `      ${sourceWords[source]}${where}${bytes}: ${clean(value)}`);
}

/** Equal entries that follow one another are counted. */
function* sentLines(sent: readonly Sent[]): Generator<string> {
  const texts = sent.map(({ role, callId, answer, inserted }) => {
    if (callId === undefined) return inserted ? `${role}: a text that the agent puts in` : `${role}: text`;
    if (role === "assistant")
      return `call ${clean(callId, 80)}${answer === "none" ? ", without an answer" : ""}`;
    const words = {
      result: "its result",
      synthetic: "a text in place of its result",
      repeated: "its result once more",
    };
    return `answer to ${clean(callId, 80)}: ${answer === undefined || answer === "none" ? "none" : words[answer]}`;
  });
  for (let at = 0; at < texts.length; ) {
    let next = at + 1;
    while (texts[next] === texts[at]) next += 1;
    yield `  ${texts[at]}${next - at > 1 ? ` (${next - at} times)` : ""}`;
    at = next;
  }
}
