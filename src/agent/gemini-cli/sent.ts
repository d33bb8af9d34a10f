/**
 * What Gemini CLI sends to its model when it resumes a session, from the folded conversation.
 *
 * A call's answer is sent from the call itself, and once more from the message in the person's place that carries it:
 * every answer is there twice. A history that does not end with the model gets a text that says that its answer broke
 * off.
 * Always: pure.
 */
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { textOfBlocks } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import type { Sent } from "../resume-types.ts";
import { answeredIn, callsOf, textsIn } from "./message.ts";

export function sentOnResume(messages: readonly RecordValue[]): Sent[] {
  return sentOf(messages.map(saidIn));
}

/** As much of a message as decides what is sent. */
export interface Said {
  readonly isReply: boolean;
  readonly texts: number;
  readonly calls: readonly { readonly id: string; readonly answers: readonly string[] }[];
  /** Calls that a message in the person's place answers. */
  readonly answers: readonly string[];
}

const nothing: readonly never[] = [];

export function saidIn(message: RecordValue): Said {
  const { type, content } = message;
  if (type === "user") {
    const answers = answeredIn(content);
    return { isReply: false, texts: textsIn(message).length, calls: nothing, answers };
  }
  if (type !== "gemini") return { isReply: false, texts: 0, calls: nothing, answers: nothing };
  const calls = callsOf(message).flatMap(({ id, result }) => {
    if (typeof id !== "string") return [];
    return [{ id, answers: answeredIn(isRecord(result) ? [result] : result) }];
  });
  return { isReply: true, texts: textOfBlocks(content) === "" ? 0 : 1, calls, answers: nothing };
}

/** A message without a call or text that was left out; undefined when nothing is left of it. */
export function without(said: Said, body: FactBody): Said | undefined {
  const isLeft = (callId: string) => body.kind !== "result" || callId !== body.callId;
  const texts = body.kind === "prompt" || body.kind === "text" ? 0 : said.texts;
  const calls = said.calls.flatMap(({ id, answers }) =>
    body.kind === "call" && body.callId === id ? [] : [{ id, answers: answers.filter(isLeft) }],
  );
  const answers = said.answers.filter(isLeft);
  return texts + calls.length + answers.length === 0 ? undefined : { ...said, texts, calls, answers };
}

/** What the messages send, in order. */
export function sentOf(messages: readonly Said[]): Sent[] {
  const told = new Set<string>();
  const answer = (callId: string): Sent => {
    const isRepeated = told.has(callId);
    told.add(callId);
    return { role: "tool", callId, answer: isRepeated ? "repeated" : "result" };
  };
  const history = messages.flatMap(({ isReply, texts, calls, answers }): Sent[] => {
    const said = Array.from({ length: texts }, (): Sent => ({ role: isReply ? "assistant" : "user" }));
    if (!isReply) return [...answers.map(answer), ...said];
    const made = calls.map(({ id, answers }): Sent => {
      return { role: "assistant", callId: id, ...(answers.length === 0 ? { answer: "none" } : {}) };
    });
    return [...said, ...made, ...calls.flatMap((call) => call.answers.map(answer))];
  });
  const last = history.at(-1);
  if (last !== undefined && last.role !== "assistant") history.push({ role: "assistant", inserted: true });
  return [...history, { role: "user" }];
}
