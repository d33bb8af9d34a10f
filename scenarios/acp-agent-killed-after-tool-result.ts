import { oneByOne, type Scenario, still } from "./scenario.ts";

export default {
  name: "acp-agent-killed-after-tool-result",
  source:
    "E2 with an agent whose store nobody can read: measured on gemini-cli over ACP, whose session/load finds no session after a SIGKILL.",
  why: "The agent speaks ACP, its second call has finished, and server and agent are killed. Nobody but the stream knows of the work: the resumed agent begins a session of its own, must be told both results, and must not do either call again.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [{ agent: "acp", storeLag: "ada", turns: [{ script: oneByOne(3) }] }],
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
