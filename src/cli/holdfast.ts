#!/usr/bin/env node
/**
 * The command `holdfast`.
 *
 * Exit codes of `serve`: 0 orderly end · 1 it can no longer record · 2 it cannot start as asked, said in one sentence.
 */
import { Command, InvalidArgumentError } from "commander";
import { hostProgram } from "../host/program.ts";
import { homeFolderDefault, portDefault } from "../orchestrator/settings.ts";
import { type InspectFlags, inspectCommand } from "./inspect.ts";
import { type RepairFlags, repairCommand } from "./repair.ts";
import { projectWorld } from "./world.ts";

interface ServeFlags {
  readonly home?: string;
  readonly port: number;
  readonly agentPath?: string;
  readonly acpPath?: string;
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
    `folder that holds everything, absolute (default: ${homeFolderDefault} in your home)`,
  )
  .option("--port <number>", "port on 127.0.0.1; 0 means any", parsePort, portDefault)
  .option("--agent-path <file>", "executable of the agent, absolute; else `ada` is looked up over PATH")
  .option("--acp-path <file>", "executable of an agent that speaks the Agent Client Protocol, absolute")
  .option("--token-file <file>", "file with the token; made when absent (default: <home>/token)")
  .action(runServer);

const makeWorld = () => projectWorld(program.env.PATH ?? "");

addProjectOptions(
  command
    .command("inspect")
    .description(
      "say where every agent's sessions of a project stand; exit 0 nothing to decide, 1 a decision, 2 misuse, 3 unreadable",
    ),
)
  .option("--json", "one JSON object")
  .action((dir: string, flags: InspectFlags) => inspectCommand(makeWorld, program, dir, flags));

addProjectOptions(
  command
    .command("repair")
    .description(
      "show what would be repaired in the agents' stores, as a diff, and the first message for a resume; changes nothing without --write",
    ),
)
  .option("--write", "repair: originals are copied first")
  .action((dir: string, flags: RepairFlags) => repairCommand(makeWorld, program, dir, flags));

/** What only a server needs is loaded for a server alone: whoever inspects a project waits for none of it. */
async function runServer(flags: ServeFlags): Promise<void> {
  const [{ serve }, { realWorld }, { listenHttp }] = await Promise.all([
    import("../orchestrator/serve.ts"),
    import("../host/world.ts"),
    import("../host/http.ts"),
  ]);
  return serve(flags, program, realWorld, listenHttp);
}

function addProjectOptions(one: Command): Command {
  return one
    .argument("[dir]", "folder that the agents worked in", ".")
    .option("--home <dir>", "home folder to look for stores in; may be given again (default: yours)", another)
    .option(
      "--holdfast-home <dir>",
      `folder of the orchestrator's record (default: ${homeFolderDefault} in your home)`,
    )
    .option("--session <id>", "only this session, or those whose id begins so");
}

function another(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

try {
  await command.parseAsync([...program.args], { from: "user" });
} catch (thrown) {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  program.complain(`holdfast: ${message.split("\n")[0] ?? ""}`);
  program.exit(3);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Give a number from 0 to 65535.");
}
