import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "result-known-only-from-the-log-of-an-earlier-attempt",
  source:
    "E2 after F1, result in the agent's store alone while a later agent outlives the server: found in memory (seed 1, plan 234, a kill at call 288), where a call that was known to be done was unknown again.",
  why: "The agent died between its log and its stdout; the resumed one lives when the server is killed again. Its log is being written, and is still the only witness of what the first attempt has done: what was known to be done must not become unknown because somebody works.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:1/out" },
        position: "unsent",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
      {
        at: { session: 0, attempt: 2, event: "call:2/out" },
        position: "unsent",
        fault: { kind: "kill", target: "server" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "finished-call-not-repeated" },
} satisfies Scenario;
