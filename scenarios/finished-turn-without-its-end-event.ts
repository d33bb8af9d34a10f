import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "finished-turn-without-its-end-event",
  source:
    "A3, finished and its terminal event missing: measured on coding-orchestrator with Codex, killed before turn/completed.",
  why: "The last text was shown and the agent's snapshot is whole; only the event that says so never came. The work is done and must not be done again, and the text that was shown must still be there.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(1) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "end/out" },
        position: "unsent",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "no-lost-shown-event" },
} satisfies Scenario;
