import { call, type Scenario, still } from "./scenario.ts";

export default {
  name: "tool-goes-on-without-its-agent",
  source:
    "E7, the effect completes after the restart; F3, tools outlive their agents: measured on claude, codex, gemini-cli, opencode and pi, whose tools have sessions of their own; VirtusLab/orca PR#62.",
  why: "Agent and server are killed while the tool of the first call still runs, a process of its own that knows nothing of that. Whether its effect is there when somebody looks says nothing: the call is running, is not to be resumed beside, and is judged when the tool is gone.",
  plan: {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [
      {
        storeLag: "ada",
        turns: [
          {
            script: {
              replies: [
                { calls: [{ ...call, tool: true }], parallel: false },
                { calls: [call], parallel: false },
              ],
              finalText: "All done.",
            },
          },
        ],
      },
    ],
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
  naive: { breaks: "settles" },
} satisfies Scenario;
