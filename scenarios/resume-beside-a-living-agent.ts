import { oneByOne, type Scenario } from "./scenario.ts";

export default {
  name: "resume-beside-a-living-agent",
  source:
    "F1, the agent survives the orchestrator; threads of this class: slopus/happy#1189, stablyai/orca#20461, anthropics/claude-code#39151.",
  why: "Only the server dies, and a person resumes while the first agent still works. A second agent on the session would do the same work at the same time; the resume must be refused, or the first agent taken back.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(3) }] }],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:1/out" },
        position: "shown",
        fault: { kind: "kill", target: "server" },
        orphan: { beforeRestart: 1, beforeObserve: 0, duringResume: 2 },
        damage: [],
      },
    ],
  },
  naive: { breaks: "single-driver" },
} satisfies Scenario;
