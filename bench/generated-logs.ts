/**
 * Long logs of each agent, as it would write them: turns of twelve calls each, the last one cut off behind a call.
 *
 * Always: the same for every run; words that do not repeat soon, so that nothing is shared that would not be in a log.
 */
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const sessionId = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";

export interface Shape {
  /** Path of the log below the temporary folder. */
  path(project: string): string;
  head(cwd: string): object[];
  /** Records of one turn. */
  turn(number: number, text: (chars: number) => string): object[];
}

const callsPerTurn = 12;
const at = "2026-11-22T06:27:06.071Z";

const ada: Shape = {
  path: () => `project/.coding-agent/events/${sessionId}.jsonl`,
  head: (cwd) => [adaEvent("session_start", { workingDirectory: cwd, model: "openai/mock" })],
  turn(number, text) {
    const calls = Array.from({ length: callsPerTurn }, (_, index) => {
      const id = `call_${number}_${index}`;
      const input = { command: `cat src/file-${index}.ts ${text(40)}` };
      const block = { type: "tool_use", id, name: "run_command", input };
      return [
        adaEvent("assistant_response", {
          stopReason: "tool_use",
          content: [{ type: "text", text: text(300) }, block],
        }),
        adaEvent("policy_decision", { tool: "run_command", input, decision: "allow" }),
        adaEvent("tool_call", { id, tool: "run_command", input }),
        adaEvent("tool_result", {
          toolCallId: id,
          tool: "run_command",
          content: text(1_900),
          isError: false,
        }),
      ];
    });
    const end = { stopReason: "end_turn", content: [{ type: "text", text: text(400) }] };
    return [
      adaEvent("user_message", { text: `task ${number}` }),
      ...calls.flat(),
      adaEvent("assistant_response", end),
    ];
  },
};

function adaEvent(type: string, data: object): object {
  return { id: "5d0e7f0e-7a53-4c3e-9a51-000000000000", sessionId, timestamp: at, type, data };
}

let line = 0;
const uuidOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

function chained(cwd: string, type: string, message: object): object {
  line += 1;
  const parentUuid = line === 1 ? null : uuidOf(line - 1);
  return {
    parentUuid,
    isSidechain: false,
    type,
    message,
    uuid: uuidOf(line),
    timestamp: at,
    cwd,
    sessionId,
    version: "2.1.197",
  };
}

let claudeCwd = "";
const claudeCode: Shape = {
  path: (project) => `home/.claude/projects/${project.replace(/[^A-Za-z0-9]/g, "-")}/${sessionId}.jsonl`,
  head(cwd) {
    claudeCwd = cwd;
    return [];
  },
  turn(number, text) {
    const prompt = chained(claudeCwd, "user", { role: "user", content: `task ${number}` });
    const calls = Array.from({ length: callsPerTurn }, (_, index) => {
      const id = `toolu_${number}_${index}`;
      const use = { type: "tool_use", id, name: "Read", input: { file_path: `/w/${text(30)}` } };
      const result = { type: "tool_result", tool_use_id: id, content: text(6_000), is_error: false };
      return [
        chained(claudeCwd, "assistant", {
          id: `msg_${number}_${index}`,
          role: "assistant",
          content: [use],
          stop_reason: "tool_use",
        }),
        chained(claudeCwd, "user", { role: "user", content: [result] }),
      ];
    });
    const said = [{ type: "text", text: text(500) }];
    return [
      prompt,
      ...calls.flat(),
      chained(claudeCwd, "assistant", {
        id: `msg_${number}`,
        role: "assistant",
        content: said,
        stop_reason: "end_turn",
      }),
    ];
  },
};

let ordinal = -1;
function rolloutLine(type: string, payload: object): object {
  ordinal += 1;
  return { timestamp: at, ordinal, type, payload };
}

const codex: Shape = {
  path: () => `home/.codex/sessions/2026/11/22/rollout-2026-11-22T06-27-06-${sessionId}.jsonl`,
  head: (cwd) => [
    rolloutLine("session_meta", { session_id: sessionId, id: sessionId, cwd, cli_version: "0.169.0" }),
  ],
  turn(number, text) {
    const turn_id = `turn_${number}`;
    const said = (role: string, type: string, words: string) =>
      rolloutLine("response_item", { type: "message", role, content: [{ type, text: words }] });
    const begin = [
      rolloutLine("event_msg", { type: "task_started", turn_id }),
      said("user", "input_text", `task ${number}`),
      rolloutLine("event_msg", { type: "user_message", message: `task ${number}` }),
    ];
    const calls = Array.from({ length: callsPerTurn }, (_, index) => {
      const call_id = `call_${number}_${index}`;
      const args = JSON.stringify({ cmd: `cat ${text(40)}` });
      return [
        rolloutLine("response_item", {
          type: "function_call",
          name: "exec_command",
          arguments: args,
          call_id,
        }),
        rolloutLine("response_item", {
          type: "function_call_output",
          call_id,
          output: `Process exited with code 0\nOutput:\n${text(6_000)}`,
        }),
      ];
    });
    return [
      ...begin,
      ...calls.flat(),
      said("assistant", "output_text", text(400)),
      rolloutLine("event_msg", { type: "task_complete", turn_id, last_agent_message: "done" }),
    ];
  },
};

let entry = 0;
function piEntry(message: object): object {
  entry += 1;
  const parentId = entry === 1 ? null : `e${entry - 1}`;
  return { type: "message", id: `e${entry}`, parentId, timestamp: at, message };
}

const pi: Shape = {
  path: (project) =>
    `home/.pi/agent/sessions/--${project.slice(1).replace(/[/\\:]/g, "-")}--/2026-11-22T06-27-06-071Z_${sessionId}.jsonl`,
  head: (cwd) => [{ type: "session", version: 3, id: sessionId, timestamp: at, cwd }],
  turn(number, text) {
    const words = (role: string, said: string, rest: object) =>
      piEntry({ role, content: [{ type: "text", text: said }], ...rest });
    const prompt = words("user", `task ${number}`, {});
    const calls = Array.from({ length: callsPerTurn }, (_, index) => {
      const id = `call_${number}_${index}`;
      const call = { type: "toolCall", id, name: "read", arguments: { path: `/w/${text(30)}` } };
      return [
        piEntry({ role: "assistant", content: [call], stopReason: "toolUse" }),
        piEntry({
          role: "toolResult",
          toolCallId: id,
          toolName: "read",
          content: [{ type: "text", text: text(6_000) }],
          isError: false,
        }),
      ];
    });
    return [prompt, ...calls.flat(), words("assistant", text(400), { stopReason: "stop" })];
  },
};

let message = 0;
function geminiMessage(type: string, rest: object): object {
  message += 1;
  return { id: `00000000-0000-4000-8000-${String(message).padStart(12, "0")}`, timestamp: at, type, ...rest };
}

/** A call's answer stands in the call and once more in the message in the person's place. */
const geminiCli: Shape = {
  path: () => `home/.gemini/tmp/project/chats/session-2026-11-22T06-27-${sessionId.slice(0, 8)}.jsonl`,
  head: () => [{ sessionId, projectHash: "0".repeat(64), startTime: at, lastUpdated: at, kind: "main" }],
  turn(number, text) {
    const calls = Array.from({ length: callsPerTurn }, (_, index) => {
      const id = `read_file__${number}_${index}`;
      const args = { absolute_path: `/w/${text(30)}` };
      const response = { output: text(3_000) };
      const result = [{ functionResponse: { id, name: "read_file", response } }];
      const reply = geminiMessage("gemini", {
        content: "",
        thoughts: [],
        tokens: {},
        model: "gemini-2.5-flash",
      });
      const toolCalls = [{ id, name: "read_file", args, result, status: "success", timestamp: at }];
      return [reply, { ...reply, toolCalls }, geminiMessage("user", { content: result })];
    });
    return [
      geminiMessage("user", { content: [{ text: `task ${number}` }] }),
      ...calls.flat(),
      geminiMessage("gemini", { content: text(400), thoughts: [], tokens: {} }),
    ];
  },
};

export const shapes: Readonly<Record<string, Shape>> = {
  ada,
  "claude-code": claudeCode,
  codex,
  "gemini-cli": geminiCli,
  pi,
};

/** Words that do not repeat soon: the same for every run. */
function makeText(): (chars: number) => string {
  const words = Array.from({ length: 1_024 }, (_, at) =>
    `${(at * 2_654_435_761) % 4_294_967_296}`.slice(0, 7),
  );
  const block = Array.from({ length: 40_000 }, (_, at) => words[(at * 7_919) % 1_024]).join(" ");
  let from = 0;
  return (chars) => {
    from = (from + 104_729) % (block.length - 10_000);
    return `${block.slice(from, from + chars)}`;
  };
}

/** Writes a log of at least `bytesMax` bytes; answers how many calls are in it. */
export async function generate(
  path: string,
  cwd: string,
  bytesMax: number,
  shape: Shape,
): Promise<{ calls: number }> {
  mkdirSync(dirname(path), { recursive: true });
  const file = createWriteStream(path);
  const text = makeText();
  let bytes = 0;
  let turns = 0;
  const put = async (records: readonly object[]) => {
    const chunk = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    bytes += chunk.length;
    if (!file.write(chunk)) await new Promise<void>((resolve) => void file.once("drain", resolve));
  };
  await put(shape.head(cwd));
  while (bytes < bytesMax) {
    turns += 1;
    await put(shape.turn(turns, text));
  }
  // The last turn was cut off behind a call.
  turns += 1;
  const open = shape.turn(turns, text);
  const firstCall = open.findIndex((record) => JSON.stringify(record).includes(`_${turns}_0`));
  await put(open.slice(0, firstCall + (shape === ada ? 3 : 1)));
  // Gemini CLI says in a file of its own of which project its folder is.
  if (shape === geminiCli) writeFileSync(join(dirname(dirname(path)), ".project_root"), `${cwd}\n`);
  await new Promise<void>((resolve) => void file.end(resolve));
  return { calls: (turns - 1) * callsPerTurn + 1 };
}
