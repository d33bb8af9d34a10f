/** What Codex 0.169.0 left behind, and what follows from it. */
import { type Fixture, fixtureBytes, fixtureJson } from "./fixture.ts";

interface Item {
  readonly type: string;
  readonly role?: string;
  readonly call_id?: string;
  readonly output?: string;
}

/** Reads what was really sent. Messages of the developer role are instructions, not history. */
function reallySent(path: string, results: readonly string[]): string[] {
  return (fixtureJson(path) as Item[])
    .filter(({ role }) => role !== "developer")
    .map(({ type, role, call_id, output }) => {
      if (type === "message") return role ?? "";
      if (type === "function_call") return `assistant ${call_id}`;
      const hasResult = results.some((result) => output?.includes(result) === true);
      return `tool ${call_id} ${hasResult ? "result" : "synthetic"}`;
    });
}

function fixture(name: string, sessionId: string, time: string, rest: Partial<Fixture>): Fixture {
  const folder = `codex-0.169.0/${name}`;
  const logPath = `/home/dev/home/.codex/sessions/2026/11/22/rollout-2026-11-22T${time}-${sessionId}.jsonl`;
  return {
    name,
    sessionId,
    cwd: "/home/dev/project",
    home: "/home/dev/home",
    version: "0.169.0",
    disk: { [logPath]: fixtureBytes(`${folder}/session.jsonl`) },
    logPath,
    stdout: fixtureBytes(`${folder}/stdout.jsonl`),
    prompt: "Run the scripted two tool calls.",
    sent: [],
    reallySent: reallySent(`${folder}/resume-history.json`, ["Process exited with code 0"]),
    withStream: { run: "", calls: [], findings: [] },
    storeOnly: { run: "", calls: [], findings: [] },
    proofs: {},
    ...rest,
  };
}

const shell = "call_fakemwrgalve002";
const write = "call_fakemwrgam04005";
const killed = "call_fakemwrgfa7b002";
const running = "call_fakemwrmx7h0002";

export const codexFixtures: readonly Fixture[] = [
  fixture("clean", "01a201ec-6822-7202-be61-5a4a7e2d86dd", "06-23-20", {
    // response_items of the rollout: environment, prompt, two calls with outputs, "All done."; then the new prompt.
    sent: [
      "user",
      "user",
      `assistant ${shell}`,
      `tool ${shell} result`,
      `assistant ${write}`,
      `tool ${write} result`,
      "assistant",
      "user",
    ],
    withStream: {
      // stdout ends with turn.completed, the rollout with task_complete.
      run: "completed",
      // item_1 and item_2 of the stream are these two, by order and command; exit code 0 in both sources.
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    storeOnly: {
      // task_complete is the last event.
      run: "completed",
      calls: [`${shell} completed done yes`, `${write} completed done yes`],
      findings: [],
    },
    proofs: {
      [shell]: [
        '"function_call_output","id":"fco_01a201ec-69b7-7fe2-ab98-9b246f3d9ea4"',
        '"aggregated_output":"hello-from-tool-1\\n","exit_code":0',
      ],
      [write]: [
        '"function_call_output","id":"fco_01a201ec-6a2d-7ac0-9848-c3c478652157"',
        '"aggregated_output":"","exit_code":0',
      ],
      item_1: ['"aggregated_output":"hello-from-tool-1\\n","exit_code":0'],
      item_2: ['"aggregated_output":"","exit_code":0'],
    },
  }),
  fixture("killed-after-tool-result", "01a201ef-bc7b-7f41-a96b-937e9ad434c4", "06-26-58", {
    // The rollout has call and output (ordinals 9 and 12), and no answer of the model behind them.
    sent: ["user", "user", `assistant ${killed}`, `tool ${killed} result`, "user"],
    withStream: {
      // Neither turn.completed nor task_complete.
      run: "interrupted",
      // Result in both sources, and it is sent on resume (resume-history.json).
      calls: [`${killed} completed done yes`],
      // Started, no end, no process.
      findings: ["ghost-running"],
    },
    storeOnly: {
      run: "interrupted",
      calls: [`${killed} completed done yes`],
      findings: [],
    },
    proofs: {
      [killed]: [
        '"function_call_output","id":"fco_01a201ef-bdbf-7cd0-9a29-06c15815b200"',
        '"aggregated_output":"hello-from-tool-1\\n","exit_code":0',
      ],
      item_1: ['"aggregated_output":"hello-from-tool-1\\n","exit_code":0'],
    },
  }),
  fixture("killed-during-tool", "01a20296-451e-76d1-9ff0-2c54b2b903e6", "09-28-52", {
    // The rollout ends with the function_call; the resume answered it with a text of its own (resume-history.json).
    sent: ["user", "user", `assistant ${running}`, `tool ${running} synthetic`, "user"],
    withStream: {
      // item.started and no item.completed, function_call and no output.
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
