/**
 * Launcher: the executable that an orchestrator starts as if it were the agent.
 *
 * Always: socket path and run id are baked in, and the agent's environment is pinned, so that nothing depends on
 * what the orchestrator hands down; the process keeps its pid through every exec.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { assertSocketPath } from "./socket-path.ts";

export interface LauncherOptions {
  /** Folder for the executable; made if missing. Holds nothing else, so that it can go into PATH. */
  readonly dir: string;
  /** The agent's own name, such as `ada`. */
  readonly name: string;
  /** Home folder of the agent, for those that keep their store there; `dir` by default. */
  readonly home?: string;
  /** The bundled fake agent, absolute. */
  readonly agentBundle: string;
  readonly socketPath: string;
  /** Stands in the agent's command line, as the marker by which its processes are found. */
  readonly runId: string;
  /** Variables of the orchestrator's environment that the agent gets too; see `Abilities.marks`. */
  readonly marks?: readonly string[];
  /** The Node executable, absolute; by default the one that runs the harness. */
  readonly nodePath?: string;
}

/**
 * Writes the launcher and returns its absolute path and its folder.
 * Throws on a name that is no plain file name, a relative path, or a socket path that is too long.
 */
export async function writeLauncher(
  options: LauncherOptions,
): Promise<{ readonly agentPath: string; readonly agentBinDir: string }> {
  const { dir, name, agentBundle, socketPath, runId, home = dir, nodePath = process.execPath } = options;
  const { marks = [] } = options;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new Error(
      `${JSON.stringify(name)} cannot be an agent's name; use a plain file name such as "ada".`,
    );
  }
  for (const absolute of [dir, home, agentBundle, socketPath, nodePath]) {
    if (!path.isAbsolute(absolute)) throw new Error(`A launcher needs absolute paths; got ${absolute}.`);
  }
  assertSocketPath(socketPath);
  const environment = ["PATH=/usr/local/bin:/usr/bin:/bin", `HOME=${home}`, "LANG=C.UTF-8"];
  const cleared = ["/usr/bin/env", "-i", ...environment].map(quote);
  const passed = marks.map((mark) => `\${${variableName(mark)}+"${mark}=$${mark}"}`);
  const own = [nodePath, agentBundle, "--as", name, "--socket", socketPath, "--run", runId, "--"].map(quote);
  const script = `#!/bin/sh\nexec ${[...cleared, ...passed, ...own].join(" ")} "$@"\n`;
  mkdirSync(dir, { recursive: true });
  const agentPath = path.join(dir, name);
  // Synchronously: were a child started while the file is open for writing, it could not be executed.
  writeFileSync(agentPath, script);
  chmodSync(agentPath, 0o755);
  return { agentPath, agentBinDir: dir };
}

function variableName(name: string): string {
  if (/^[A-Z_][A-Z0-9_]*$/.test(name)) return name;
  throw new Error(`${JSON.stringify(name)} is no name of a variable; use one such as "MY_ATTEMPT".`);
}

/** For sh: nothing is special between single quotes but the quote itself. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
