import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "interrupted-after-tool-result",
  source:
    "The failure this project was started for; measured on coding-orchestrator with ada, killed after a tool result was written and before the next reply.",
  why: "The second call has finished and its result was shown. Afterwards it must read as done, the agent must be told its result, and its effect must not happen a second time; the agent's own snapshot knows of no call at all.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(3) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:2/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "finished-call-not-repeated" },
} satisfies Scenario;
