import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "bad-line-in-the-middle-of-the-log",
  source:
    "C5, one bad line in the middle: measured on coding-orchestrator and its successor; of this class: anthropics/claude-code#76059.",
  why: "One record in the middle is damaged. Exactly that one is lost and reported with its byte range; the records before and after it stay.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:2/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        // The second log of the session where there is one: the orchestrator's own; else the agent's.
        damage: [{ role: "log", how: "alter", file: 1, record: 2 }],
      },
    ],
  },
  naive: { breaks: "no-lost-shown-event" },
} satisfies Scenario;
