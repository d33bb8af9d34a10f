import { atOnce, type Scenario, still } from "./scenario.ts";

export default {
  name: "parallel-calls-some-finished",
  source:
    "B2, parallel calls of which some are done: QwenLM/qwen-code#9573 loses finished results; of this class: OpenHands/software-agent-sdk#4487.",
  why: "Of three calls announced together the first has its result, the second its effect but no result, the third nothing. Each must be classified by itself: kept, unknown, unknown.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: atOnce(3) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:2/log" },
        position: "unsent",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "finished-call-not-repeated" },
} satisfies Scenario;
