/**
 * The agent `pi`: its command line, its stream, its store, and what it is told when it is resumed.
 *
 * Its parts are in `pi/`; nothing outside this file and that folder knows its formats. Its store is closed: nothing
 * is ever written there.
 */
import type { AgentAdapter, CommandLine, StartRequest } from "./contract.ts";
import { locate, piAbilities, read, readStore } from "./pi/store.ts";
import { decodeLine } from "./pi/wire.ts";
import { isUuid } from "./resume-find.ts";
import { handOver } from "./resume-hand-over.ts";

/** See {@link AgentAdapter}. */
export const pi: AgentAdapter = {
  kind: "pi",
  abilities: piAbilities,
  resumesFrom: "log",
  commandLine,
  decodeLine,
  isSessionId: isUuid,
  // The file's name has a time in it: it is found, not computed.
  storePaths: () => ({}),
  readStore,
  handOver,
  store: {
    traits: { streamIds: "same", cursor: "byte-offset", turnEnd: "stop-reason" },
    locate,
    read,
  },
};

/** pi reads a word that begins with `-` as an option and one with `@` as a file: a blank before it keeps it a prompt. */
function commandLine({ command = "pi", model, prompt, resume }: StartRequest): CommandLine {
  const args = [
    "--mode",
    "json",
    "--print",
    ...(model === undefined ? [] : ["--model", model]),
    ...(resume === undefined ? [] : ["--session", resume]),
    /^[-@]/.test(prompt) ? ` ${prompt}` : prompt,
  ];
  return { command, args };
}
