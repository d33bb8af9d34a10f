/**
 * `pnpm chaos`: runs campaigns, replays artifacts, judges stored runs again.
 *
 * Exit codes, by precedence: 2 misuse · 1 a defect · 3 not trustworthy · 0 green. Progress and logs go to stderr,
 * the report alone to stdout.
 */
import { Command, CommanderError } from "commander";
import { ShimUnavailable } from "./boundary/shim.ts";
import { WorkersLost } from "./campaign/pool.ts";
import { Misuse } from "./cli-options.ts";
import { registerEnumerate } from "./enumerate-cli.ts";
import { registerReplay } from "./replay-cli.ts";
import { registerRun } from "./run-cli.ts";
import { registerStrength } from "./strength/cli.ts";
import { SubjectLoadError } from "./subject/load.ts";

function program(finish: (code: number) => void): Command {
  const root = new Command("chaos")
    .description(
      "Kills and reloads a real orchestrator at generated points, restarts it, and checks what it then says.",
    )
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      `
Examples:
  pnpm chaos                               60 seconds against the reference orchestrator
  pnpm chaos --subject naive --seed 1      see it find the failures of a naive one
  pnpm chaos --subject coding-orchestrator --checkout ~/src/coding-orchestrator
  pnpm chaos --subject ./mine.ts --runs 200 --reporter json
  pnpm chaos --tier memory --budget 5m     thousands of crashes at single calls, no processes
  pnpm chaos replay .holdfast/chaos/naive-seed-1/plan-1

Exit codes: 0 green · 1 a promise is broken · 2 misuse · 3 not to be trusted`,
    );
  registerRun(root, finish);
  registerReplay(root, finish);
  registerEnumerate(root, finish);
  registerStrength(root, finish);
  return root;
}

/** Without it a mistyped command would be told as an argument too many of the default one. */
function requireKnownCommand(root: Command, word: string | undefined): void {
  const known = [...root.commands.map((command) => command.name()), "help"];
  if (word === undefined || word.startsWith("-") || known.includes(word)) return;
  throw new Misuse(`There is no command "${word}"; known: ${known.join(", ")}. --help tells more.`);
}

async function main(): Promise<number> {
  if (process.platform === "win32")
    throw new Misuse("Holdfast needs FIFOs and signals: use Linux, macOS or WSL.");
  let code = 0;
  const args = process.argv.slice(2).filter((argument, at) => !(at === 0 && argument === "--"));
  try {
    const root = program((exitCode) => {
      code = exitCode;
    });
    requireKnownCommand(root, args[0]);
    await root.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return code;
}

let lost: NodeJS.ErrnoException | undefined;
/** Nobody has read a report that could not be written: whatever it said, it is not green. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough needs no word about it.
  if (lost === undefined && error.code !== "EPIPE")
    process.stderr.write(`chaos: the report cannot be written: ${error.message}\n`);
  lost = error;
  process.exitCode ||= 3;
});

main().then(
  (code) => {
    process.exitCode = lost === undefined ? code : code || 3;
  },
  (error: unknown) => {
    const isMisuse =
      error instanceof Misuse || error instanceof SubjectLoadError || error instanceof ShimUnavailable;
    process.stderr.write(
      isMisuse || error instanceof WorkersLost
        ? `chaos: ${error.message}\n`
        : `chaos failed: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = isMisuse ? 2 : 3;
  },
);
