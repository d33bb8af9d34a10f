import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "result-known-only-from-the-stream",
  source: "E3, done and recorded only in the orchestrator's journal: seen in Claude Code and Gemini CLI.",
  why: "The agent logs a result only with its next reply, so that its store has a call without an answer while a client was shown the answer. What was shown is the only record of it and must carry the resume.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "log-behind", turns: [{ script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:1/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "finished-call-not-repeated" },
} satisfies Scenario;
