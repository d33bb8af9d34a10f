import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "resume-after-torn-log-tail",
  source:
    "C2, append after a torn tail: seen in pi; threads of this class: anthropics/claude-code#50347, openai/codex#24425.",
  why: "The last record is cut in its middle. It must be reported with its bytes, everything before it kept, and what is written by the resume must be readable, not glued to the torn half.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "call:2/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        // The second log of the session where there is one: the orchestrator's own; else the agent's.
        damage: [{ role: "log", how: "cut", file: 1, record: 0 }],
      },
    ],
  },
  naive: { breaks: "no-lost-shown-event" },
} satisfies Scenario;
