import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "interrupted-turn-before-a-finished-one",
  source:
    "A4, a stale turn beside later turns: seen in Codex; openai/codex#31527 asks for a mark of the interruption.",
  why: "The first turn is cut, resumed, and a second turn follows to its end. The cut attempt must stay on record as interrupted and its call must not stay open beside the turn that came after it.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }, { script: oneByOne(1) }] }],
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
