/**
 * The agent `gemini-cli`: its command line, its stream, its store, and what it is told when it is resumed.
 *
 * Its parts are in `gemini-cli/`; nothing outside this file and that folder knows its formats. Its store is closed:
 * nothing is ever written there, and what it lost is said in the first message.
 */
import type { AgentAdapter, CommandLine, StartRequest } from "./contract.ts";
import { matchStream } from "./gemini-cli/match.ts";
import { geminiCliAbilities, locate, read, readStore } from "./gemini-cli/store.ts";
import { decodeLine } from "./gemini-cli/wire.ts";
import { isUuid } from "./resume-find.ts";
import { handOver } from "./resume-hand-over.ts";

/** See {@link AgentAdapter}. */
export const geminiCli: AgentAdapter = {
  kind: "gemini-cli",
  abilities: geminiCliAbilities,
  resumesFrom: "log",
  commandLine,
  decodeLine,
  isSessionId: isUuid,
  // The file's name has a time in it: it is found, not computed.
  storePaths: () => ({}),
  readStore,
  handOver,
  store: {
    traits: { streamIds: "same", cursor: "byte-offset", turnEnd: "never" },
    locate,
    read,
  },
  matchStream,
};

/** The prompt is an option's value, so that nothing is read into it. */
function commandLine({ command = "gemini", model, prompt, resume }: StartRequest): CommandLine {
  const args = [
    "--output-format",
    "stream-json",
    ...(model === undefined ? [] : ["--model", model]),
    ...(resume === undefined ? [] : ["--resume", resume]),
    `--prompt=${prompt}`,
  ];
  return { command, args };
}
