/**
 * Messages as Gemini CLI records them: what each says, and the calls in it.
 *
 * A message is recorded again as it grows; a call is in it only when it is over. What the tool answered stands there
 * as the model gets it; the frame around a shell's output is taken off, so that it equals what the stream shows.
 * Always: total but for {@link Misshapen}.
 */
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { listOf, needId, textOfBlocks, textOr } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

export interface Answer {
  readonly callId: string;
  readonly content: string;
  readonly isError: boolean;
}

/** Statuses of a call that is over; one that was cancelled has no answer of the tool. */
const answered = new Set(["success", "error"]);
const frame = /^<untrusted_context>\n([\s\S]*)\n<\/untrusted_context>$/;
const shellOutput = /^Output: ([\s\S]*?)\nProcess Group PGID: \d+$/;

/** What a message of the model says: its text and its calls. */
export function replyBodies(message: RecordValue): FactBody[] {
  const text = textOfBlocks(message.content);
  const said: FactBody[] = text === "" ? [] : [{ kind: "text", text }];
  const calls = callsOf(message).flatMap((call): FactBody[] => {
    const callId = needId(call.id, "the call's id");
    const name = needId(call.name, "the tool's name");
    const made: FactBody = { kind: "call", callId, name, input: call.args ?? null };
    if (typeof call.status !== "string" || !answered.has(call.status)) return [made];
    const [answer] = answersIn(call.result);
    const isError = call.status === "error";
    const content = answer?.content ?? textOr(call.resultDisplay, "");
    return [made, { kind: "result", callId, content, isError, cut: false }];
  });
  return [...said, ...calls];
}

/** What a message in the person's place says: the person's words, or the answers to calls. */
export function personBodies(message: RecordValue): FactBody[] {
  const answers = answersIn(message.content).map(
    (answer): FactBody => ({ kind: "result", ...answer, cut: false }),
  );
  const texts = textsIn(message);
  if (texts.length === 0) return answers;
  const text = texts.join("\n");
  return isOwnContext(text) ? answers : [...answers, { kind: "prompt", text }];
}

/** Texts in the person's place. */
export function textsIn({ content }: RecordValue): string[] {
  if (typeof content === "string") return [content];
  return listOf(content).flatMap((part) =>
    isRecord(part) && typeof part.text === "string" ? [part.text] : [],
  );
}

export function callsOf({ toolCalls }: RecordValue): readonly RecordValue[] {
  return listOf(toolCalls).filter(isRecord);
}

/** Answers among the parts of a message or of a call's result. */
export function answersIn(parts: unknown): Answer[] {
  return responsesIn(parts).map(([callId, said]) => {
    const response = isRecord(said.response) ? said.response : {};
    const isError = response.output === undefined && response.error !== undefined;
    return { callId, content: bare(textOfBlocks(response.output ?? response.error)), isError };
  });
}

/** The calls that {@link answersIn} has answers to. */
export function answeredIn(parts: unknown): string[] {
  return responsesIn(parts).map(([callId]) => callId);
}

function responsesIn(parts: unknown): [callId: string, said: RecordValue][] {
  const found: [string, RecordValue][] = [];
  for (const part of listOf(parts)) {
    const said = isRecord(part) ? part.functionResponse : undefined;
    if (isRecord(said) && typeof said.id === "string" && said.id !== "") found.push([said.id, said]);
  }
  return found;
}

function bare(text: string): string {
  const inside = frame.exec(text)?.[1] ?? text;
  return shellOutput.exec(inside)?.[1] ?? inside;
}

/** Gemini CLI opens a session with a text of its own. */
function isOwnContext(text: string): boolean {
  return text.startsWith("<session_context>");
}
