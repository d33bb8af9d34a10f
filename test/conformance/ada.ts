/** What Ada 0.1.0 left behind, killed while its second call ran, and again after its resume. */
import { type Fixture, fixtureBytes, fixtureJson } from "./fixture.ts";

const folder = "ada-0.1.0/killed-during-second-tool";
const sessionId = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";
const logPath = `/home/dev/project/.coding-agent/events/${sessionId}.jsonl`;
const snapshotPath = `/home/dev/project/.coding-agent/sessions/${sessionId}.json`;
const log = fixtureBytes(`${folder}/events-after-resume.jsonl`);
/** The killed state is the log before the second prompt, and a snapshot without messages. */
const linesBeforeResume = 9;

function head(bytes: Uint8Array, lines: number): Uint8Array {
  let at = 0;
  for (let line = 0; line < lines; line += 1) at = bytes.indexOf(0x0a, at) + 1;
  return bytes.subarray(0, at);
}

function answer(id: string): string[] {
  return [`"toolCallId":"${id}"`, `"type":"tool.result","id":"${id}"`, `"toolUseId": "${id}"`];
}

const common = {
  sessionId,
  cwd: "/home/dev/project",
  home: "/home/dev/home",
  // Neither file names a version.
  version: undefined,
  logPath,
  stdout: fixtureBytes(`${folder}/stdout.jsonl`),
  prompt: "please do it",
  proofs: Object.fromEntries(["call_1", "call_2", "call_3", "call_4"].map((id) => [id, answer(id)])),
} satisfies Partial<Fixture>;

const empty = { ...(fixtureJson(`${folder}/snapshot-after-resume.json`) as object), messages: [] };

export const adaFixtures: readonly Fixture[] = [
  {
    ...common,
    name: "cut",
    disk: {
      [logPath]: head(log, linesBeforeResume),
      [snapshotPath]: new TextEncoder().encode(JSON.stringify(empty, undefined, 2)),
    },
    // The recording's README: system and "continue", from the empty snapshot.
    sent: ["user"],
    reallySent: ["user"],
    withStream: {
      // call_2 was dispatched (log line 9, stdout line 4) and nobody has its result.
      run: "interrupted-indeterminate",
      // call_1 has its result in log and stream; the snapshot has nothing, so the model will be told nothing.
      calls: ["call_1 result-elsewhere done no", "call_2 indeterminate unknown no"],
      // Started and no end; the snapshot lacks prompt, call and result; call_2 is open.
      findings: ["ghost-running", "snapshot-behind-log", "dangling-call call_2"],
    },
    storeOnly: {
      run: "interrupted-indeterminate",
      calls: ["call_1 result-elsewhere done no", "call_2 indeterminate unknown no"],
      findings: ["snapshot-behind-log", "dangling-call call_2"],
    },
  },
  {
    ...common,
    name: "whole",
    disk: { [logPath]: log, [snapshotPath]: fixtureBytes(`${folder}/snapshot-after-resume.json`) },
    laterPrompts: ["continue"],
    // The snapshot's six messages: it begins with "continue" and knows nothing of the first turn.
    sent: [
      "user",
      "assistant call_3",
      "tool call_3 result",
      "assistant call_4",
      "tool call_4 result",
      "assistant",
      "user",
    ],
    reallySent: undefined,
    withStream: {
      // The log's last answer has stop reason end_turn and every call of that turn has its result.
      run: "completed",
      // call_3 and call_4 are call_1 and call_2 again, in the same words: the work was done twice.
      calls: [
        "call_1 superseded done no",
        "call_2 superseded unknown no",
        "call_3 completed done yes",
        "call_4 completed done yes",
      ],
      findings: [
        // The second start has no stream, and the log has its calls.
        "agent-ahead call_3",
        "agent-ahead call_4",
        // The snapshot has nothing of the first turn.
        "snapshot-behind-log",
        // Log lines 5 and 13, 9 and 17: equal words. The effect of call_1 is there twice, that of call_2 may be.
        "superseded call_1",
        "dangling-call call_2",
        "superseded call_2",
      ],
    },
    storeOnly: {
      run: "completed",
      calls: [
        "call_1 superseded done no",
        "call_2 superseded unknown no",
        "call_3 completed done yes",
        "call_4 completed done yes",
      ],
      findings: ["snapshot-behind-log", "superseded call_1", "dangling-call call_2", "superseded call_2"],
    },
  },
];
