/** The agent `ada`. */
import type { AgentAdapter } from "./contract.ts";

export const ada: AgentAdapter = {
  kind: "ada",
  abilities: { O: {}, L: {}, S: {} },
  resumesFrom: "snapshot",
  commandLine: (request) => ({ command: request.command ?? "ada", args: ["chat", request.prompt] }),
  decodeLine: () => [],
  isSessionId: () => false,
  storePaths: () => ({}),
  readStore: async () => [],
  handOver: (request) => ({ prompt: request.prompt, repairs: [], sends: [] }),
};
