import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "agent-killed-with-one-open-call",
  source:
    "B1, dangling calls falsify the resume; threads of this class: anomalyco/opencode#10616, anthropics/claude-code#473, aaif-goose/goose#2951.",
  why: "The effect of the call has happened, its result was never written, and only the agent is dead. Whether it happened is unknown to every source; the model must be told so and look, instead of doing it again blindly.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:1/log" },
        position: "unsent",
        fault: { kind: "kill", target: "agent" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "no-blind-retry" },
} satisfies Scenario;
