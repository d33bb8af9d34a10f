/**
 * How much memory and time `holdfast inspect` takes for a log of one gigabyte, beside reading the same file and calling
 * JSON.parse on each line.
 *
 * Run: node --import tsx bench/inspect-1gb.ts [ada|claude-code|codex|gemini-cli|pi] [megabytes]
 * Always: both are measured in this run, each in a process of its own, in turns; what is measured is the bundled
 * command as a person starts it. Promised: less than 200 MB of resident memory at the most, at most 1.3 times the time.
 * opencode has no lines: its store is a database, which is copied into memory before it is read. One larger than
 * 512 MB is named as unreadable, in the time that it takes to ask for its size.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const megabyte = 1024 * 1024;
const rounds = 2;
const sessionId = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";

interface Shape {
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

const shapes: Readonly<Record<string, Shape>> = {
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

async function generate(
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

/** Reads the file in pieces and parses each line: what nobody can do without. */
const baseline = `
import { openSync, readSync } from "node:fs";
const file = openSync(process.argv[1], "r");
const chunk = Buffer.alloc(1024 * 1024);
let rest = Buffer.alloc(0);
let lines = 0;
for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
  const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
  let from = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    JSON.parse(bytes.toString("utf8", from, end));
    lines += 1;
    from = end + 1;
  }
  rest = bytes.subarray(from);
}
`;

interface Measured {
  /** As the clock on the wall has it: other work on the machine is in it. */
  readonly seconds: number;
  /** Time of all processors. */
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
  readonly code: number | null;
  readonly out: string;
}

/** The process says at its end how much it had at the most. */
const telling = `data:text/javascript,${encodeURIComponent(
  "process.on('exit',()=>process.stderr.write('\\nrss '+process.resourceUsage().maxRSS+' cpu '+(process.cpuUsage().user+process.cpuUsage().system)+'\\n'))",
)}`;

function measure(args: readonly string[], home: string): Promise<Measured> {
  const started = process.hrtime.bigint();
  const env = { PATH: process.env.PATH ?? "", HOME: home };
  const child = spawn(process.execPath, ["--import", telling, ...args], { env });
  let out = "";
  let err = "";
  child.stdout.on("data", (data: Buffer) => (out = (out + data.toString()).slice(-4_000)));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  return new Promise((resolve) => {
    child.once("close", (code) => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      const kilobytes = Number(/rss (\d+)/.exec(err)?.[1] ?? Number.NaN);
      const cpuSeconds = Number(/cpu (\d+)/.exec(err)?.[1] ?? Number.NaN) / 1e6;
      resolve({ seconds, cpuSeconds, residentMegabytes: kilobytes / 1024, code, out: out || err });
    });
  });
}

/** The rounds' best: everything else is other work. */
function leastOf(measured: readonly Measured[]): { readonly seconds: number; readonly cpuSeconds: number } {
  return {
    seconds: Math.min(...measured.map(({ seconds }) => seconds)),
    cpuSeconds: Math.min(...measured.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

async function main(): Promise<void> {
  const [agent = "ada", size = "1024"] = process.argv.slice(2);
  const shape = shapes[agent];
  if (shape === undefined) throw new Error(`There is no log to generate for ${agent}.`);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const project = join(folder, "project");
    mkdirSync(project);
    const path = join(folder, shape.path(project));
    const { calls } = await generate(path, project, Number(size) * megabyte, shape);
    const command = join(folder, "command/holdfast.mjs");
    await build({
      entryPoints: ["src/cli/holdfast.ts"],
      outdir: dirname(command),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external: ["sql.js"],
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
      logLevel: "error",
    });
    console.log(`${agent}: ${(statSync(path).size / megabyte).toFixed(0)} MB, ${calls} calls`);
    const parses: Measured[] = [];
    const inspects: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      parses.push(await measure(["--input-type=module", "-e", baseline, path], folder));
      inspects.push(await measure([command, "inspect", project], join(folder, "home")));
    }
    const parse = leastOf(parses);
    const inspect = leastOf(inspects);
    const resident = Math.max(...inspects.map(({ residentMegabytes }) => residentMegabytes));
    console.log(inspects[0]?.out.trimEnd());
    console.log(`exit ${inspects[0]?.code}`);
    for (const key of ["seconds", "cpuSeconds"] as const) {
      const ratio = (inspect[key] / parse[key]).toFixed(2);
      console.log(
        `${key}: read and parse ${parse[key].toFixed(2)}, inspect ${inspect[key].toFixed(2)}, ratio ${ratio} (at most 1.30)`,
      );
    }
    console.log(`resident at the most ${resident.toFixed(0)} MB (less than 200)`);
    if (inspect.seconds / parse.seconds > 1.3 || !(resident < 200)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
