/**
 * A place to try a subject in: temporary folders, a free port, and a scripted agent.
 *
 * The agent prints the lines it is given and then ends, or holds until it is killed; it notes how it was started.
 * Always: `close` ends every process that was started, by its pid, and removes the folders.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { dir } from "tmp-promise";
import { Ports } from "../../harness/execute/ports.ts";
import type { Context, Shown, Spawned, Subject } from "../../harness/subject/contract.ts";

export interface Rig {
  readonly ctx: Context;
  /** What the next agents print, and whether they stay afterwards. */
  script(lines: readonly object[], hold: boolean): Promise<void>;
  /** Arguments of every agent started so far. */
  starts(): Promise<readonly string[]>;
  /** Resolves when everything that was spawned has ended by itself. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

const agent = `#!/bin/sh
here=$(dirname "$0")
echo $$ >> "$here/pids"
echo "$*" >> "$here/starts"
cat "$here/lines"
test -e "$here/hold" && exec sleep 600
exit 0
`;

export async function makeRig(reload?: "tsx" | "node-watch"): Promise<Rig> {
  const root = await dir({ unsafeCleanup: true, prefix: "holdfast-subject-" });
  const agentBinDir = join(root.path, "bin");
  const agentPath = join(agentBinDir, "ada");
  const workspace = join(root.path, "workspace");
  await Promise.all([mkdir(agentBinDir), mkdir(workspace), mkdir(join(root.path, "dir"))]);
  await writeFile(agentPath, agent);
  await chmod(agentPath, 0o755);
  const ports = await Ports.claim();
  const children: ChildProcess[] = [];
  const abort = new AbortController();
  const env = { PATH: `${agentBinDir}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: root.path };
  const ctx: Context = {
    dir: join(root.path, "dir"),
    workspace,
    port: await ports.next(),
    agentPath,
    agentBinDir,
    env,
    signal: abort.signal,
    spawn: (file, args, options) => start(children, file, args, { cwd: root.path, env, ...options }),
    ...(reload === undefined ? {} : { reload }),
  };
  return {
    ctx,
    script: async (lines, hold) => {
      await writeFile(join(agentBinDir, "lines"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      if (hold) await writeFile(join(agentBinDir, "hold"), "");
      else await rm(join(agentBinDir, "hold"), { force: true });
    },
    starts: async () => (await lines(join(agentBinDir, "starts"))).filter((line) => line !== ""),
    ended: async () => {
      const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
      await Promise.all(running.map((child) => new Promise((resolve) => child.on("exit", resolve))));
    },
    close: async () => {
      abort.abort();
      for (const child of children) child.kill("SIGKILL");
      for (const pid of await lines(join(agentBinDir, "pids"))) kill(Number(pid));
      await ports.release();
      await root.cleanup();
    },
  };
}

/** Reads events until one satisfies `enough`; gives them all. */
export async function eventsUntil(
  subject: Subject,
  ctx: Context,
  session: string,
  enough: (event: Shown) => boolean,
): Promise<readonly Shown[]> {
  const seen: Shown[] = [];
  for await (const event of subject.events(ctx, session)) {
    seen.push(event);
    if (enough(event)) break;
  }
  return seen;
}

/** SIGKILL; a process that is gone is fine. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It had ended.
  }
}

async function lines(path: string): Promise<readonly string[]> {
  return (await readFile(path, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
}

function start(
  children: ChildProcess[],
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Spawned {
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let output = "";
  let words = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    child.emit("output");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    words += chunk.toString();
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  return {
    pid: child.pid ?? -1,
    exited,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          for (const line of output.split("\n")) {
            const match = line.match(pattern);
            if (match !== null) resolve(match);
          }
        };
        child.on("output", look);
        child.on("exit", () => reject(new Error(`ended before ${pattern}: ${words}`)));
        look();
      }),
  };
}
