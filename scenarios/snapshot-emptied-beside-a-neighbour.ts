import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "snapshot-emptied-beside-a-neighbour",
  source:
    "C7, snapshot empty or half: measured on coding-orchestrator, whose whole list becomes empty; of this class: anthropics/claude-code#20992.",
  why: "A snapshot is caught between truncation and write. It is a cache and must be rebuilt from the record; the other session, whose files are whole, must be listed as if nothing had happened.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [
      { storeLag: "ada", turns: [{ script: oneByOne(2) }] },
      { storeLag: "ada", turns: [{ script: oneByOne(1) }] },
    ],
    rounds: [
      {
        at: { session: 0, attempt: 1, event: "result:1/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: still,
        damage: [
          { role: "snapshot", how: "empty", file: 2, record: 0 },
          { role: "snapshot", how: "empty", file: 0, record: 0 },
        ],
      },
    ],
  },
  naive: { breaks: "neighbours-unharmed" },
} satisfies Scenario;
