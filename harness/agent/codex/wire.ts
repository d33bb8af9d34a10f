/**
 * Codex's words on stdout: notifications of the app-server, and the lines of `codex exec --json`.
 *
 * Always: in the app-server an item carries the id of the call in the store; in exec items are only counted
 * (`item_1`), as with the real one. Shapes taken from traces of version 0.169.0; fields that say nothing here are left out.
 */

type Line = Readonly<Record<string, unknown>>;

/** Notifications of one turn. */
export function appServerSay(threadId: string, turnId: string): (line: Line) => readonly object[] {
  const commands = new Map<unknown, string>();
  const turn = (status: string) => ({ id: turnId, items: [], status, error: null });
  const notify = (method: string, params: object) => ({ method, params: { ...params, threadId } });
  const item = (method: string, value: object) => notify(method, { item: value, turnId });
  const status = (type: string) => notify("thread/status/changed", { status: { type, activeFlags: [] } });
  return (line) => {
    switch (line.type) {
      case "run.started":
        return [status("active"), notify("turn/started", { turn: turn("inProgress") })];
      case "assistant.text": {
        const id = `msg_${turnId}`;
        const message = { type: "agentMessage", id };
        return [
          item("item/started", { ...message, text: "" }),
          notify("item/agentMessage/delta", { turnId, itemId: id, delta: line.text }),
          item("item/completed", { ...message, text: line.text }),
        ];
      }
      case "tool.call":
        commands.set(line.id, commandOf(line.input));
        return [
          item("item/started", command(line.id, commands.get(line.id) ?? "", "inProgress", null, null)),
        ];
      case "tool.result": {
        const [state, code] = line.isError === true ? ["failed", 1] : ["completed", 0];
        const value = command(line.id, commands.get(line.id) ?? "", String(state), line.content, code);
        return [item("item/completed", value)];
      }
      default:
        return [status("idle"), notify("turn/completed", { turn: turn("completed") })];
    }
  };
}

function command(id: unknown, words: string, status: string, output: unknown, exitCode: unknown): object {
  const commandActions = [{ type: "unknown", command: words }];
  const spoken = `/bin/bash -lc '${words}'`;
  return {
    type: "commandExecution",
    id,
    command: spoken,
    status,
    commandActions,
    aggregatedOutput: output,
    exitCode,
  };
}

/** Lines of `codex exec --json`. */
export function execSay(threadId: string): (line: Line) => readonly object[] {
  const items = new Map<unknown, { readonly id: string; readonly command: string }>();
  let count = 0;
  const next = () => `item_${count++}`;
  return (line) => {
    switch (line.type) {
      case "run.started":
        return [{ type: "thread.started", thread_id: threadId }, { type: "turn.started" }];
      case "assistant.text":
        return [{ type: "item.completed", item: { id: next(), type: "agent_message", text: line.text } }];
      case "tool.call": {
        const item = { id: next(), command: `/bin/bash -lc '${commandOf(line.input)}'` };
        items.set(line.id, item);
        const open = { aggregated_output: "", exit_code: null, status: "in_progress" };
        return [{ type: "item.started", item: { ...item, type: "command_execution", ...open } }];
      }
      case "tool.result": {
        const failed = line.isError === true;
        const end = {
          aggregated_output: line.content,
          exit_code: failed ? 1 : 0,
          status: failed ? "failed" : "completed",
        };
        return [
          { type: "item.completed", item: { ...items.get(line.id), type: "command_execution", ...end } },
        ];
      }
      default:
        return [
          { type: "turn.completed", usage: { input_tokens: 30, cached_input_tokens: 0, output_tokens: 15 } },
        ];
    }
  };
}

function commandOf(input: unknown): string {
  const { command: words } = { command: "", ...(typeof input === "object" ? input : {}) };
  return words;
}
