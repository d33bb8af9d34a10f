/**
 * Codex's session store: one file of JSON lines a thread, below the home folder, by day.
 *
 * Always: written before the model is asked again, never synced; the call's record comes before its execution and the
 * result's after its line, so a call without a result is what a kill leaves, and the resumed model is told "aborted".
 * A line that cannot be read is passed over.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import type { RecordMark, Snapshot } from "../ada-store.ts";
import type { AgentStore } from "../dialect.ts";
import type { Ledger } from "../ledger-writer.ts";
import type { AgentMachine } from "../machine.ts";

type Data = Readonly<Record<string, unknown>>;

export class Rollout implements AgentStore {
  readonly #path: string;
  readonly #threadId: string;
  readonly #turnId: string;
  readonly #ledger: Ledger;
  readonly #machine: AgentMachine;

  constructor(home: string, threadId: string, turnId: string, ledger: Ledger, machine: AgentMachine) {
    this.#threadId = threadId;
    this.#turnId = turnId;
    this.#ledger = ledger;
    this.#machine = machine;
    this.#path = findRollout(home, threadId) ?? newPath(home, threadId, machine.timestamp());
  }

  /** The thread's messages as they are sent to the model. */
  readSnapshot(): Snapshot | undefined {
    try {
      return { messages: messagesOf(this.#machine.readText(this.#path)) };
    } catch {
      return undefined;
    }
  }

  /** Codex has none. */
  writeSnapshot(): void {}

  log(mark: RecordMark, type: string, data: Data): void {
    const lines = this.#recordsOf(type, data).map(({ type: kind, payload }) =>
      JSON.stringify({ timestamp: this.#machine.timestamp(), type: kind, payload }),
    );
    if (lines.length === 0) return;
    const text = `${lines.join("\n")}\n`;
    const length = Buffer.byteLength(text);
    this.#machine.makeFolder(path.dirname(this.#path));
    const fromByte = this.#machine.sizeOf(this.#path);
    const entry = { kind: "store" as const, role: "log" as const, type, ...mark, path: this.#path };
    this.#ledger.add({ ...entry, phase: "begin", fromByte, toByte: fromByte + length });
    this.#machine.appendText(this.#path, text);
    const toByte = this.#machine.sizeOf(this.#path);
    this.#ledger.add({ ...entry, phase: "done", fromByte: Math.max(0, toByte - length), toByte });
  }

  #recordsOf(type: string, data: Data): readonly { readonly type: string; readonly payload: object }[] {
    const item = (payload: object) => ({ type: "response_item", payload });
    const event = (payload: object) => ({
      type: "event_msg",
      payload: { turn_id: this.#turnId, ...payload },
    });
    switch (type) {
      case "session_start": {
        const [id, cwd] = [this.#threadId, data.workingDirectory];
        const origin = { originator: "holdfast", cli_version: "0.169.0", source: "vscode" };
        return [{ type: "session_meta", payload: { id, session_id: id, cwd, ...origin } }];
      }
      case "user_message":
        return [event({ type: "task_started" }), item(message("user", "input_text", data.text))];
      case "assistant_response": {
        const text = textOf(data.content);
        return text === "" ? [] : [item(message("assistant", "output_text", text))];
      }
      case "tool_call": {
        const input = JSON.stringify({ cmd: commandOf(data.input) });
        return [item({ type: "function_call", name: "exec_command", arguments: input, call_id: data.id })];
      }
      case "tool_result": {
        const output = `Process exited with code ${data.isError === true ? 1 : 0}\nOutput:\n${data.content}`;
        return [item({ type: "function_call_output", call_id: data.toolCallId, output })];
      }
      default:
        return [event({ type: "task_complete", last_agent_message: data.text })];
    }
  }
}

/** Is there a file of the thread? */
export function findRollout(home: string, threadId: string): string | undefined {
  const folder = path.join(home, ".codex", "sessions");
  try {
    const name = readdirSync(folder, { recursive: true }).find((file) =>
      String(file).endsWith(`-${threadId}.jsonl`),
    );
    return name === undefined ? undefined : path.join(folder, String(name));
  } catch {
    return undefined;
  }
}

function newPath(home: string, threadId: string, timestamp: string): string {
  const [day = "", time = ""] = timestamp.split("T");
  const name = `rollout-${day}T${time.slice(0, 8).replaceAll(":", "-")}-${threadId}.jsonl`;
  return path.join(home, ".codex", "sessions", ...day.split("-"), name);
}

function message(role: string, type: string, text: unknown): object {
  return { type: "message", role, content: [{ type, text }] };
}

/** In the form in which the fake agent's model is sent its messages. A call without an output gets one: "aborted". */
function messagesOf(text: string): readonly unknown[] {
  const items = text.split("\n").flatMap((line) => {
    try {
      const { type, payload } = JSON.parse(line);
      return type === "response_item" ? [payload] : [];
    } catch {
      return [];
    }
  });
  const answered = new Set(
    items.filter(({ type }) => type === "function_call_output").map(({ call_id }) => call_id),
  );
  return items.flatMap((item) => {
    if (item.type === "message") {
      const words = item.content.map(({ text: word }: { text: string }) => word).join("");
      return [{ role: item.role, content: [{ type: "text", text: words }] }];
    }
    if (item.type === "function_call_output") return [resultMessage(item.call_id, item.output)];
    const { cmd } = JSON.parse(item.arguments);
    const use = { type: "tool_use", id: item.call_id, name: "run_command", input: { command: cmd } };
    const call = { role: "assistant", content: [use] };
    return answered.has(item.call_id) ? [call] : [call, resultMessage(item.call_id, "aborted")];
  });
}

function resultMessage(toolUseId: string, content: string): object {
  return { role: "user", content: [{ type: "tool_result", toolUseId, content }] };
}

function textOf(content: unknown): string {
  const blocks: readonly { readonly type: string; readonly text?: string }[] = Array.isArray(content)
    ? content
    : [];
  return blocks.map(({ type, text = "" }) => (type === "text" ? text : "")).join("");
}

function commandOf(input: unknown): string {
  const { command } = { command: "", ...(typeof input === "object" ? input : {}) };
  return command;
}
