/** Histories in the form of OpenAI's chat completions, as opencode and pi sent them. */
import { fixtureJson } from "./fixture.ts";

interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly tool_calls?: readonly { readonly id: string }[];
  readonly tool_call_id?: string;
}

/** Reads what was really sent, in the form of OpenAI's chat completions. */
export function chatHistory(path: string, results: readonly string[]): string[] {
  return (fixtureJson(path) as Message[])
    .filter(({ role }) => role !== "system")
    .flatMap(({ role, content, tool_calls: calls = [], tool_call_id: callId }) => {
      if (role === "tool") {
        const hasResult = results.some((result) => content?.includes(result) === true);
        return [`tool ${callId} ${hasResult ? "result" : "synthetic"}`];
      }
      const said = content === null || content === "" ? [] : [role];
      return [...said, ...calls.map(({ id }) => `assistant ${id}`)];
    });
}
