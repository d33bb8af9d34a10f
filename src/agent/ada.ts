/**
 * The agent `ada`: its command line, its stream, its store, and what it needs to be resumed.
 *
 * Its parts are in `ada/`; nothing outside this file and that folder knows Ada's formats.
 */
import { handOver } from "./ada/hand-over.ts";
import { adaAbilities, isSessionId, readStore, storePaths } from "./ada/store.ts";
import { decodeLine } from "./ada/wire.ts";
import type { AgentAdapter, CommandLine, StartRequest } from "./contract.ts";
import { adaStore } from "./resume-ada.ts";

/** See {@link AgentAdapter}. */
export const ada: AgentAdapter = {
  kind: "ada",
  abilities: adaAbilities,
  resumesFrom: "snapshot",
  commandLine,
  decodeLine,
  isSessionId,
  storePaths,
  readStore,
  handOver,
  store: adaStore,
};

/** A prompt that begins like an option stands behind `--`, last, so that nothing is read into it. */
function commandLine({ command = "ada", model, prompt, resume }: StartRequest): CommandLine {
  const before = [
    "--stream-json",
    "--auto-approve",
    ...(model === undefined ? [] : ["--model", model]),
    "chat",
  ];
  const option = resume === undefined ? [] : ["--resume", resume];
  const args = prompt.startsWith("-") ? [...before, ...option, "--", prompt] : [...before, prompt, ...option];
  return { command, args };
}
