import { atOnce, type Scenario, still } from "./scenario.ts";

export default {
  name: "run-left-running-after-everything-died",
  source:
    "A1, still running after the worker is gone; threads of this class: anomalyco/opencode#19023, openai/codex#12382, BradGroux/veritas-kanban#781.",
  why: "Server and agent are dead and a call is open. Nothing may say that it runs, and nothing may say that it is done: its effect was never begun, and no source can prove that.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: atOnce(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "effect:1" },
        position: "unsent",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [],
      },
    ],
  },
  naive: { breaks: "call-state-honest" },
} satisfies Scenario;
