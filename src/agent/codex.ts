/**
 * The agent `codex`: its command line, its stream, its store, and what it is told when it is resumed.
 *
 * Its parts are in `codex/`; nothing outside this file and that folder knows its formats. Its store is closed:
 * nothing is ever written there.
 */
import { matchStream } from "./codex/match.ts";
import { codexAbilities, locate, read, readStore } from "./codex/store.ts";
import { decodeLine } from "./codex/wire.ts";
import type { AgentAdapter, CommandLine, StartRequest } from "./contract.ts";
import { isUuid } from "./resume-find.ts";
import { handOver } from "./resume-hand-over.ts";

/** See {@link AgentAdapter}. */
export const codex: AgentAdapter = {
  kind: "codex",
  abilities: codexAbilities,
  resumesFrom: "log",
  commandLine,
  decodeLine,
  isSessionId: isUuid,
  // A rollout's path has the time of its first line in it: it is found, not computed.
  storePaths: () => ({}),
  readStore,
  handOver,
  store: {
    traits: { streamIds: "by-order", cursor: "ordinal+byte-offset", turnEnd: "record" },
    locate,
    read,
  },
  matchStream,
};

/** The prompt stands last, behind `--` where it begins like an option. */
function commandLine({ command = "codex", model, prompt, resume }: StartRequest): CommandLine {
  const options = ["--json", "--skip-git-repo-check", ...(model === undefined ? [] : ["--model", model])];
  const session = resume === undefined ? [] : ["resume", resume];
  return {
    command,
    args: ["exec", ...options, ...session, ...(prompt.startsWith("-") ? ["--"] : []), prompt],
  };
}
