import { oneByOne, type Scenario } from "./scenario.ts";

export default {
  name: "agent-outlives-server-and-reads-as-dead",
  source: "A2, marked dead but alive: BloopAI/vibe-kanban#1571.",
  why: "Only the server dies; the agent lives on and does its next call while nobody listens. The restarted server must find it by identity, not take it for dead.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:1/out" },
        position: "shown",
        fault: { kind: "kill", target: "server" },
        orphan: { beforeRestart: 0, beforeObserve: 3, duringResume: 0 },
        damage: [],
      },
    ],
  },
  naive: { breaks: "no-orphan-unseen" },
} satisfies Scenario;
