import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "snapshot-behind-the-log",
  source: "D4, snapshot behind the log: measured on ada; of this class: anthropics/claude-code#24304.",
  why: "The first turn is in the agent's snapshot, the second only in its log, and a resume reads the snapshot alone. What the second turn has finished must reach the model all the same.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(1) }, { script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 2, event: "result:2/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "resume-carries-finished-calls" },
} satisfies Scenario;
