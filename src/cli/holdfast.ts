#!/usr/bin/env node
/**
 * The command `holdfast`.
 *
 * Exit codes of `serve`: 0 orderly end · 1 it can no longer record · 2 it cannot start as asked, said in one sentence.
 */
import { Command, InvalidArgumentError } from "commander";
import { listenHttp } from "../host/http.ts";
import { hostProgram } from "../host/program.ts";
import { realWorld } from "../host/world.ts";
import { homeFolderDefault, portDefault, serve } from "../orchestrator/serve.ts";

interface ServeFlags {
  readonly home: string;
  readonly port: number;
  readonly agentPath?: string;
  readonly tokenFile?: string;
}

const program = hostProgram();
const command = new Command("holdfast")
  .description("Makes the runs of coding agents survive crashes of the orchestrator that drives them.")
  .exitOverride((error) => program.exit(error.exitCode === 0 ? 0 : 2));

command
  .command("serve")
  .description("run the orchestrator on 127.0.0.1")
  .option(
    "--home <dir>",
    "folder that holds everything, absolute",
    `${program.env.HOME ?? ""}/${homeFolderDefault}`,
  )
  .option("--port <number>", "port on 127.0.0.1; 0 means any", parsePort, portDefault)
  .option("--agent-path <file>", "executable of the agent, absolute; else `ada` is looked up over PATH")
  .option("--token-file <file>", "file with the token; made when absent (default: <home>/token)")
  .action((flags: ServeFlags) => serve(flags, program, realWorld, listenHttp));

await command.parseAsync([...program.args], { from: "user" });

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Give a number from 0 to 65535.");
}
