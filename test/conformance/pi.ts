/** What pi 0.73.1 left behind, and what follows from it. */
import { chatHistory } from "./chat-history.ts";
import { type Fixture, fixtureBytes } from "./fixture.ts";

function fixture(name: string, sessionId: string, rest: Partial<Fixture>): Fixture {
  const folder = `pi-0.73.1/${name}`;
  const logPath = `/home/dev/home/.pi/agent/sessions/--home-dev-project--/2026-11-22T06-24-15-030Z_${sessionId}.jsonl`;
  const results = ["hello-from-tool-1", "Successfully wrote 18 bytes"];
  return {
    name,
    sessionId,
    cwd: "/home/dev/project",
    home: "/home/dev/home",
    // The file names the version of its format, not that of pi.
    version: undefined,
    disk: { [logPath]: fixtureBytes(`${folder}/session.jsonl`) },
    logPath,
    stdout: fixtureBytes(`${folder}/stdout.jsonl`),
    prompt: "Run the scripted two tool calls.",
    sent: [],
    reallySent: chatHistory(`${folder}/resume-history.json`, results),
    withStream: { run: "", calls: [], findings: [] },
    storeOnly: { run: "", calls: [], findings: [] },
    proofs: {},
    ...rest,
  };
}

const shell = "call_fakemwrgbs7m001";
const write = "call_fakemwrgbs91003";
const killed = "call_fakemwrgfko3001";

function answer(id: string, name: string, result: string): string[] {
  return [
    `"role":"toolResult","toolCallId":"${id}"`,
    `"tool_execution_end","toolCallId":"${id}","toolName":"${name}","result":{"content":[{"type":"text","text":"${result}`,
  ];
}
const running = "call_fakemwrmx2az001";

export const piFixtures: readonly Fixture[] = [
  fixture("clean", "01a201ed-3eb5-72c2-a3f3-7c1ea7c77df0", {
    // Messages along the parents: prompt, two calls with results, "All done."; then the new prompt.
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
      // The stream ends with agent_end, whose last message has the stop reason stop.
      run: "completed",
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    storeOnly: {
      // The last message has the stop reason stop.
      run: "completed",
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    proofs: {
      [shell]: answer(shell, "bash", "hello-from-tool-1"),
      [write]: answer(write, "write", "Successfully wrote 18 bytes"),
    },
  }),
  fixture("killed-after-tool-result", "01a201ef-f173-769e-a940-34e1358d00db", {
    // The result is the last entry of the file.
    sent: ["user", `assistant ${killed}`, `tool ${killed} result`, "user"],
    withStream: {
      // No agent_end.
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
    proofs: { [killed]: answer(killed, "bash", "hello-from-tool-1") },
  }),
  fixture("killed-during-tool", "01a20296-2a6f-74c1-9e6d-a2f84c333696", {
    // The file ends with the call; the resume answered it with a text of its own (resume-history.json).
    sent: ["user", `assistant ${running}`, `tool ${running} synthetic`, "user"],
    withStream: {
      // The stream has tool_execution_start and no end; the tool went on after the kill.
      run: "interrupted-indeterminate",
      calls: [`${running} indeterminate unknown unknown`],
      // Started, no end, no process; the call is open.
      findings: ["ghost-running", `dangling-call ${running}`],
    },
    storeOnly: {
      run: "interrupted-indeterminate",
      calls: [`${running} indeterminate unknown unknown`],
      findings: [`dangling-call ${running}`],
    },
    // Nothing proves that this call was done.
    proofs: {},
  }),
];
