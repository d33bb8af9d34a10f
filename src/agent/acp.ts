/**
 * Agents that speak the Agent Client Protocol, version 1: JSON-RPC over stdin and stdout, one message a line.
 *
 * Its parts are in `acp/`. Their store is closed to us, so a resumed agent gets a session of its own and is told what
 * became of the work: `session/load` would say all of it again as if it were new.
 */
import { Conversation } from "./acp/conversation.ts";
import { decodeLine } from "./acp/wire.ts";
import type { AgentAdapter } from "./contract.ts";
import { idCharsMax } from "./resume-decode.ts";
import { handOver } from "./resume-hand-over.ts";

/** See {@link AgentAdapter}. */
export const acp: AgentAdapter = {
  kind: "acp",
  abilities: {
    O: {
      // The protocol asks for a call to be told before it runs, and many agents do so without waiting.
      call: { order: "write-behind", synced: false },
      result: { order: "write-behind", synced: false },
      "turn-end": { order: "write-behind", synced: false },
      text: { order: "write-behind", synced: false },
    },
    L: {},
    S: {},
  },
  resumesFrom: "log",
  commandLine: ({ command = "acp-agent" }) => ({ command, args: [] }),
  decodeLine,
  isSessionId: (text) => text !== "" && text.length <= idCharsMax,
  storePaths: () => ({}),
  readStore: () => Promise.resolve([]),
  handOver,
  converse: (opening) => new Conversation(opening),
};
