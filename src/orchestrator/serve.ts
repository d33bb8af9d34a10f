/**
 * Runs a server as a program, from its settings to its exit code.
 *
 * Exit codes: 0 after an orderly end, 1 when the server can no longer record or end in order, 2 when it cannot start as asked.
 */
import { HoldfastError } from "../model/error.ts";
import { IoError, type World } from "../model/ports.ts";
import { graceMsDefault, orphanWaitMsDefault, spoolBytesMaxDefault } from "../session/context.ts";
import { LifeOver } from "../session/recorder.ts";
import { type Listen, startServer } from "./server.ts";
import { homeFolderDefault, type ServeProgram, type ServeSettings } from "./settings.ts";

/** Serves until SIGTERM or SIGINT. Prints one line when it listens, and one when it answers for every session. */
export async function serve(
  settings: ServeSettings,
  program: ServeProgram,
  makeWorld: (searchPath: string) => Promise<World>,
  listen: Listen,
): Promise<void> {
  try {
    const world = await makeWorld(program.env.PATH ?? "");
    const options = {
      home: settings.home ?? homeDefault(program.env),
      port: settings.port,
      agentCommands: {
        ...(settings.agentPath === undefined ? {} : { ada: settings.agentPath }),
        ...(settings.acpPath === undefined ? {} : { acp: settings.acpPath }),
      },
      agentEnv: agentEnvironment(program.env),
      spoolBytesMax: settings.spoolBytesMax ?? spoolBytesMaxDefault,
      graceMs: graceMsDefault,
      orphanWaitMs: orphanWaitMsDefault,
      ...(settings.tokenFile === undefined ? {} : { tokenFile: settings.tokenFile }),
    };
    const server = await startServer(world, options, listen, (message) =>
      program.complain(`holdfast: ${message}`),
    );
    let stopping = false;
    program.onStop(() => {
      stopping = true;
      server.close().then(
        () => program.exit(0),
        (thrown: unknown) => {
          const why = thrown instanceof Error ? thrown.message : String(thrown);
          program.complain(
            `holdfast: It could not end in order: ${why}. What was acknowledged is on the disk.`,
          );
          program.exit(1);
        },
      );
    });
    void server.over.then((reason) => {
      if (stopping) return;
      program.complain(`holdfast: ${reason}`);
      program.exit(1);
    });
    program.print(`holdfast listening on ${server.url}`);
    await server.ready;
    program.print(`holdfast is ready, pid ${world.processes.self.pid}: it knows where every session stands`);
  } catch (thrown) {
    // Stopped or superseded while it was starting: whoever ended it exits.
    if (thrown instanceof LifeOver) return;
    if (!(thrown instanceof HoldfastError || thrown instanceof IoError)) throw thrown;
    const wayOut =
      thrown instanceof IoError ? ". Make that usable, or choose another folder with --home." : "";
    program.complain(`holdfast: ${thrown.message}${wayOut}`);
    program.exit(2);
  }
}

/** @throws HoldfastError where nobody says whose home it is: that of nobody would be the root of the disk. */
function homeDefault({ HOME }: ServeProgram["env"]): string {
  if (HOME !== undefined && HOME !== "") return `${HOME}/${homeFolderDefault}`;
  throw new HoldfastError("bad-argument", "HOME is not set. Set it, or give --home.");
}

const passed = ["PATH", "HOME", "TERM", "LANG", "USER", "SHELL", "TMPDIR"];
const passedPrefixes = ["OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_API_", "ADA_"];

/** What agents get of our environment: what they need to find themselves and their models, and nothing else. */
function agentEnvironment(env: ServeProgram["env"]): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (passed.includes(name) || passedPrefixes.some((prefix) => name.startsWith(prefix)))
      found[name] = value;
  }
  return found;
}
