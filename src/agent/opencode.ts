/**
 * The agent `opencode`: its command line, its stream, its store, and what it is told when it is resumed.
 *
 * Its parts are in `opencode/`; nothing outside this file and that folder knows its formats. Its store is closed:
 * nothing is ever written there.
 */
import type { AgentAdapter, CommandLine, StartRequest } from "./contract.ts";
import { isSessionId, locate, opencodeAbilities, read, readStore, storePaths } from "./opencode/store.ts";
import { decodeLine } from "./opencode/wire.ts";
import { handOver } from "./resume-hand-over.ts";

/** See {@link AgentAdapter}. */
export const opencode: AgentAdapter = {
  kind: "opencode",
  abilities: opencodeAbilities,
  resumesFrom: "log",
  commandLine,
  decodeLine,
  isSessionId,
  storePaths,
  readStore,
  handOver,
  store: {
    traits: { streamIds: "same", cursor: "row", turnEnd: "record" },
    locate,
    read,
  },
};

/** The prompt stands last, behind `--` where it begins like an option. */
function commandLine({ command = "opencode", model, prompt, resume }: StartRequest): CommandLine {
  const args = [
    "run",
    "--format",
    "json",
    ...(model === undefined ? [] : ["--model", model]),
    ...(resume === undefined ? [] : ["--session", resume]),
    ...(prompt.startsWith("-") ? ["--"] : []),
    prompt,
  ];
  return { command, args };
}
