/**
 * What Gemini CLI sends to its model when it resumes a session, from the folded conversation.
 *
 * A call's answer is sent from the call itself, and once more from the message in the person's place that carries it:
 * every answer is there twice. A history that does not end with the model gets a text that says that its answer broke
 * off.
 * Always: pure.
 */
import { isRecord } from "../../model/json.ts";
import { textOfBlocks } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import type { Sent } from "../resume-types.ts";
import { answersIn, callsOf, textsIn } from "./message.ts";

export function sentOnResume(messages: readonly RecordValue[]): Sent[] {
  const told = new Set<string>();
  const answer = (callId: string): Sent => {
    const isRepeated = told.has(callId);
    told.add(callId);
    return { role: "tool", callId, answer: isRepeated ? "repeated" : "result" };
  };
  const history = messages.flatMap((message): Sent[] => {
    if (message.type === "user") {
      const said = textsIn(message).map((): Sent => ({ role: "user" }));
      return [...answersIn(message.content).map(({ callId }) => answer(callId)), ...said];
    }
    if (message.type !== "gemini") return [];
    const said: Sent[] = textOfBlocks(message.content) === "" ? [] : [{ role: "assistant" }];
    const calls = callsOf(message).flatMap(({ id, result }) =>
      typeof id === "string" ? [{ id, answers: answersIn(isRecord(result) ? [result] : result) }] : [],
    );
    const made = calls.map(
      ({ id, answers }): Sent => ({
        role: "assistant",
        callId: id,
        ...(answers.length === 0 ? { answer: "none" } : {}),
      }),
    );
    const answers = calls.flatMap((call) => call.answers.map(({ callId }) => answer(callId)));
    return [...said, ...made, ...answers];
  });
  const last = history.at(-1);
  if (last !== undefined && last.role !== "assistant") history.push({ role: "assistant", inserted: true });
  return [...history, { role: "user" }];
}
