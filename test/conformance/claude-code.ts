/** What Claude Code 2.1.197 left behind, and what follows from it. */
import { type Fixture, fixtureBytes, fixtureJson } from "./fixture.ts";

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly text?: string;
  readonly content?: string;
}

const ownTexts = new Set(["Continue from where you left off.", "No response requested."]);

/** Reads what was really sent. Reminders and the list of agents are instructions, not history. */
function reallySent(path: string, results: readonly string[]): string[] {
  const messages = fixtureJson(path) as { role: string; content: string | Block[] }[];
  return messages
    .filter(({ role }) => role !== "system")
    .flatMap(({ role, content }) => (content as Block[]).map((block) => ({ role, block })))
    .filter(({ block }) => block.text?.startsWith("<system-reminder>") !== true)
    .map(({ role, block }) => {
      if (block.type === "tool_use") return `assistant ${block.id}`;
      if (block.type === "text") return ownTexts.has(block.text ?? "") ? `${role}+` : role;
      const hasResult = results.some((result) => block.content?.includes(result) === true);
      return `tool ${block.tool_use_id} ${hasResult ? "result" : "synthetic"}`;
    });
}

function fixture(name: string, sessionId: string, rest: Partial<Fixture>): Fixture {
  const folder = `claude-code-2.1.197/${name}`;
  const logPath = `/home/dev/home/.claude/projects/-home-dev-project/${sessionId}.jsonl`;
  const results = ["hello-from-tool-1", "File created successfully"];
  return {
    name,
    sessionId,
    cwd: "/home/dev/project",
    home: "/home/dev/home",
    version: "2.1.197",
    disk: { [logPath]: fixtureBytes(`${folder}/session.jsonl`) },
    logPath,
    stdout: fixtureBytes(`${folder}/stdout.jsonl`),
    prompt: "Run the scripted two tool calls.",
    sent: [],
    reallySent: reallySent(`${folder}/resume-history.json`, results),
    withStream: { run: "", calls: [], findings: [] },
    storeOnly: { run: "", calls: [], findings: [] },
    proofs: {},
    ...rest,
  };
}

const shell = "toolu_fakemwrgbvn6000";
const write = "toolu_fakemwrgbvq9002";
const lost = "toolu_fakemwrgg08q000";
const running = "toolu_fakemwrmxauu000";

export const claudeCodeFixtures: readonly Fixture[] = [
  fixture("clean", "db8c9cd9-70f1-4436-8ea2-c4d27fb8b0b9", {
    // session.jsonl in order: prompt, tool_use and tool_result twice, "All done."; then the new prompt.
    sent: [
      "user",
      `assistant ${shell}`,
      `tool ${shell} result`,
      `assistant ${write}`,
      `tool ${write} result`,
      "assistant",
      "user",
    ],
    withStream: {
      // The stream's last line is `result` with subtype success.
      run: "completed",
      // Both results stand in stream and file with equal texts.
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    storeOnly: {
      // The last answer in the file has stop_reason end_turn and every call has its result.
      run: "completed",
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    proofs: {
      [shell]: ['"tool_result","content":"hello-from-tool-1"'],
      [write]: ['"tool_result","content":"File created successfully'],
    },
  }),
  fixture("killed-after-tool-result", "863a54be-ac71-488d-8a0b-bcbc08e9c9e2", {
    // The file ends with the tool_use. The resume dropped it and put in "Continue from where you left off." and
    // "No response requested." (resume-history.json).
    sent: ["user", "user+", "assistant+", "user"],
    withStream: {
      // No `result` line: the stream ends behind the tool_result.
      run: "interrupted",
      // The stream's third line has the result; the file has the call alone, and the model is not sent even that.
      calls: [`${lost} result-elsewhere done no`],
      // ghost-running: started, no end, no process. journal-ahead: the result is only in our record.
      findings: ["ghost-running", `journal-ahead ${lost}`],
    },
    storeOnly: {
      // The file alone has a call without a result: nobody can say what became of it. The loss is not claimed.
      run: "interrupted-indeterminate",
      calls: [`${lost} indeterminate unknown no`],
      findings: [`dangling-call ${lost}`],
    },
    proofs: { [lost]: ['"tool_result","content":"hello-from-tool-1"'] },
  }),
  fixture("killed-during-tool", "8fdfcc63-6789-4b38-b221-c8dbc39fbe0a", {
    // The file ends with the tool_use, which the resume dropped; two texts were put in (resume-history.json).
    sent: ["user", "user+", "assistant+", "user"],
    withStream: {
      // tool_use in stream and file, and no result in either.
      run: "interrupted-indeterminate",
      calls: [`${running} indeterminate unknown no`],
      // Started, no end, no process; the call is open.
      findings: ["ghost-running", `dangling-call ${running}`],
    },
    storeOnly: {
      run: "interrupted-indeterminate",
      calls: [`${running} indeterminate unknown no`],
      findings: [`dangling-call ${running}`],
    },
    // Nothing proves that this call was done.
    proofs: {},
  }),
];
