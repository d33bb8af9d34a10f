/**
 * The agent `claude-code`: its command line, its stream, its store, and what it is told when it is resumed.
 *
 * Its parts are in `claude-code/`; nothing outside this file and that folder knows its formats. Its store is closed:
 * nothing is ever written there, and what it lost is said in the first message.
 */
import { claudeCodeAbilities, locate, read, readStore, storePaths } from "./claude-code/store.ts";
import { decodeLine } from "./claude-code/wire.ts";
import type { AgentAdapter, CommandLine, StartRequest } from "./contract.ts";
import { isUuid } from "./resume-find.ts";
import { handOver } from "./resume-hand-over.ts";

/** See {@link AgentAdapter}. */
export const claudeCode: AgentAdapter = {
  kind: "claude-code",
  abilities: claudeCodeAbilities,
  resumesFrom: "log",
  commandLine,
  decodeLine,
  isSessionId: isUuid,
  storePaths,
  readStore,
  handOver,
  store: {
    traits: { streamIds: "same", cursor: "uuid+byte-offset", turnEnd: "stop-reason" },
    locate,
    read,
  },
};

/** The prompt stands last, behind `--` where it begins like an option. */
function commandLine({ command = "claude", model, prompt, resume }: StartRequest): CommandLine {
  const args = [
    "--print",
    "--output-format",
    "stream-json",
    "--verbose",
    ...(model === undefined ? [] : ["--model", model]),
    ...(resume === undefined ? [] : ["--resume", resume]),
    ...(prompt.startsWith("-") ? ["--"] : []),
    prompt,
  ];
  return { command, args };
}
