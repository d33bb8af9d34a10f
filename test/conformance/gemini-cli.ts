/** What Gemini CLI 0.61.0 left behind, and what follows from it. */
import { type Fixture, fixtureBytes, fixtureJson } from "./fixture.ts";

interface Part {
  readonly text?: string;
  readonly functionCall?: { readonly id: string; readonly name: string };
  readonly functionResponse?: {
    readonly id: string;
    readonly name: string;
    readonly response: { readonly output?: string };
  };
}

/** Reads what was really sent. The wire has the ids without the tool's name in front. */
function reallySent(path: string, results: readonly string[]): string[] {
  const messages = fixtureJson(path) as { role: string; parts: Part[] }[];
  const told = new Set<string>();
  return messages.flatMap(({ role, parts }) =>
    parts.map(({ text, functionCall: call, functionResponse: answer }) => {
      if (call !== undefined) return `assistant ${call.name}__${call.id}`;
      if (answer !== undefined) {
        const id = `${answer.name}__${answer.id}`;
        const isRepeated = told.has(id);
        told.add(id);
        const hasResult = results.some((result) => answer.response.output?.includes(result) === true);
        return `tool ${id} ${isRepeated ? "repeated" : hasResult ? "result" : "synthetic"}`;
      }
      if (role === "user") return "user";
      return text?.startsWith("[The previous response was interrupted") === true ? "assistant+" : "assistant";
    }),
  );
}

function fixture(name: string, sessionId: string, rest: Partial<Fixture>): Fixture {
  const folder = `gemini-cli-0.61.0/${name}`;
  const project = "/home/dev/home/.gemini/tmp/project";
  const logPath = `${project}/chats/session-2026-11-22T06-24-${sessionId.slice(0, 8)}.jsonl`;
  return {
    name,
    sessionId,
    cwd: "/home/dev/project",
    home: "/home/dev/home",
    // The file names no version.
    version: undefined,
    disk: {
      [logPath]: fixtureBytes(`${folder}/session.jsonl`),
      [`${project}/.project_root`]: new TextEncoder().encode("/home/dev/project"),
    },
    logPath,
    stdout: fixtureBytes(`${folder}/stdout.jsonl`),
    prompt: "Run the scripted two tool calls.",
    sent: [],
    reallySent: reallySent(`${folder}/resume-history.json`, ["hello-from-tool-1", "Successfully created"]),
    withStream: { run: "", calls: [], findings: [] },
    storeOnly: { run: "", calls: [], findings: [] },
    proofs: {},
    ...rest,
  };
}

const shell = "run_shell_command__call_fakemwrgby9v000";
const write = "write_file__call_fakemwrgbygt002";
const killed = "run_shell_command__call_fakemwrggdnq000";

function answer(id: string): string[] {
  return [`"functionResponse":{"id":"${id}"`, `"tool_id":"${id}","status":"success"`];
}

export const geminiCliFixtures: readonly Fixture[] = [
  fixture("clean", "3fcb6c8b-9a1a-4595-a043-40c228fb2c34", {
    // The session's context, the prompt, and each answer twice: from the call and from the message behind it.
    sent: [
      "user",
      "user",
      `assistant ${shell}`,
      `tool ${shell} result`,
      `tool ${shell} repeated`,
      `assistant ${write}`,
      `tool ${write} result`,
      `tool ${write} repeated`,
      "assistant",
      "user",
    ],
    withStream: {
      // The stream's last line is `result` with status success.
      run: "completed",
      // The stream shows no text for write_file; the file has it.
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    storeOnly: {
      // Nothing in the file ends a turn: "All done." could be followed by a call that is still running.
      run: "interrupted",
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    proofs: { [shell]: answer(shell), [write]: answer(write) },
  }),
  fixture("killed-after-tool-result", "0403eb23-0cff-4540-99f9-ee729dbaa7a3", {
    // As above for the one call; the text about the broken-off answer is put in (resume-history.json).
    sent: [
      "user",
      "user",
      `assistant ${killed}`,
      `tool ${killed} result`,
      `tool ${killed} repeated`,
      "assistant+",
      "user",
    ],
    withStream: {
      // The stream has no `result` line.
      run: "interrupted",
      calls: [`${killed} completed done yes`],
      // Started, no end, no process.
      findings: ["ghost-running"],
    },
    storeOnly: {
      run: "interrupted",
      calls: [`${killed} completed done yes`],
      findings: [],
    },
    proofs: { [killed]: answer(killed) },
  }),
];
