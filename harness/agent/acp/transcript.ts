/**
 * What an ACP agent keeps of its sessions, for `session/load`: the updates that it sent, one a line, below its home folder.
 *
 * Never: anybody else reads it, and so no event, no ledger entry and no oracle speaks of it. Nothing is synced.
 */
import path from "node:path";
import type { Snapshot } from "../ada-store.ts";
import type { AgentStore } from "../dialect.ts";
import type { AgentMachine } from "../machine.ts";

type Update = Readonly<Record<string, unknown>>;

export class Transcript implements AgentStore {
  readonly #path: string;
  readonly #machine: AgentMachine;

  constructor(home: string, sessionId: string, machine: AgentMachine) {
    this.#path = path.join(home, ".acp-agent", `${sessionId}.jsonl`);
    this.#machine = machine;
  }

  add(update: object): void {
    this.#machine.makeFolder(path.dirname(this.#path));
    this.#machine.appendText(this.#path, `${JSON.stringify(update)}\n`);
  }

  /** undefined for a session that is not known; a line that cannot be read is passed over. */
  updates(): readonly Update[] | undefined {
    try {
      return this.#machine.readText(this.#path).split("\n").flatMap(parsed);
    } catch {
      return undefined;
    }
  }

  readSnapshot(): Snapshot {
    return { messages: (this.updates() ?? []).flatMap(messageOf) };
  }

  /** What is kept is what was said; see {@link add}. */
  writeSnapshot(): void {}

  log(): void {}
}

function parsed(line: string): readonly Update[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** In the form in which the fake agent's model is sent its messages. */
function messageOf(update: Update): readonly object[] {
  const toolUseId = update.toolCallId;
  switch (update.sessionUpdate) {
    case "user_message_chunk":
      return [{ role: "user", content: [update.content] }];
    case "agent_message_chunk":
      return [{ role: "assistant", content: [update.content] }];
    case "tool_call": {
      const use = { type: "tool_use", id: toolUseId, name: update.title, input: update.rawInput };
      return [{ role: "assistant", content: [use] }];
    }
    case "tool_call_update": {
      const content = JSON.stringify(update.content);
      return [{ role: "user", content: [{ type: "tool_result", toolUseId, content }] }];
    }
    default:
      return [];
  }
}
