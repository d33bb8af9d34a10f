/**
 * Processes that belong to a run: started, found, signalled and reaped by identity.
 *
 * Always: a process is signalled only while pid and start time are those it was known by; what a run leaves is
 * found by the run's id in the command line or environment, since re-parented children have no parent to ask.
 * Never: nothing is killed by name.
 */
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { execa } from "execa";
import treeKill from "tree-kill";
import type { Spawned } from "../subject/contract.ts";

/** A pid alone is nobody. */
export interface Identity {
  readonly pid: number;
  readonly startTime: string;
}

/** Start time of a running process; undefined when there is none (a zombie does not run). */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") {
    // Best effort where there is no /proc: seconds instead of clock ticks.
    const { stdout } = await execa("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { reject: false });
    const [state = "", ...started] = stdout.trim().split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : started.join(" ");
  }
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat === "") return undefined;
  // The command may hold spaces and brackets: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  return state === "Z" || state === "X" ? undefined : fields[19];
}

export async function isAlive(identity: Identity): Promise<boolean> {
  return (await startTimeOf(identity.pid)) === identity.startTime;
}

/** Signals the process if it still is who it was; false when it is gone. */
export async function signalProcess(identity: Identity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** What the kernel tells of a process, "" when it is gone or not ours to see: it waits for no disk, so we do not. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const pidsNow = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Processes whose command line or environment holds one of the markers, this one excepted. */
export async function findMarked(
  ...markers: readonly string[]
): Promise<(Identity & { readonly command: string })[]> {
  if (process.platform !== "linux") return findMarkedByPs(markers);
  const found = await Promise.all(
    pidsNow()
      .filter((pid) => pid !== process.pid)
      .map(async (pid) => {
        const command = textOf(`/proc/${pid}/cmdline`);
        const told = command + textOf(`/proc/${pid}/environ`);
        if (!markers.some((marker) => told.includes(marker))) return undefined;
        const startTime = await startTimeOf(pid);
        return startTime === undefined
          ? undefined
          : { pid, startTime, command: command.replaceAll("\0", " ").trim() };
      }),
  );
  return found.filter((marked) => marked !== undefined);
}

async function findMarkedByPs(
  markers: readonly string[],
): Promise<(Identity & { readonly command: string })[]> {
  const { stdout } = await execa("ps", ["-Aww", "-o", "pid=,lstart=,command="], { reject: false });
  return stdout
    .split("\n")
    .filter((line) => markers.some((marker) => line.includes(marker)))
    .map((line) => /^\s*(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), startTime: match[2] ?? "", command: match[3] ?? "" }))
    .filter(({ pid }) => pid !== process.pid);
}

/** Kills everything that carries one of the markers, until nothing does; returns what was found. */
export async function reapMarked(...markers: readonly string[]): Promise<string[]> {
  const reaped: string[] = [];
  for (let pass = 0; pass < 20; pass += 1) {
    const found = await findMarked(...markers);
    if (found.length === 0) return reaped;
    for (const marked of found) {
      if (await signalProcess(marked, "SIGKILL"))
        reaped.push(`${marked.pid} ${marked.command.slice(0, 200)}`);
    }
    // A killed process needs a moment of the scheduler to be gone; the next pass asks again.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return reaped;
}

const treeKillAsync = promisify<number, string>(treeKill);

/** SIGKILL to a process and its descendants: by the parent links where /proc has them, by tree-kill elsewhere. */
export async function killTree(root: Identity): Promise<void> {
  if (!(await isAlive(root))) return;
  if (process.platform !== "linux") return treeKillAsync(root.pid, "SIGKILL");
  const children = new Map<number, number[]>();
  for (const pid of pidsNow()) {
    const stat = textOf(`/proc/${pid}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const pids = [root.pid];
  for (const pid of pids) pids.push(...(children.get(pid) ?? []));
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended between the listing and the signal.
    }
  }
}

/** A process of a run, with what is needed to wait for it. */
export interface RunProcess extends Spawned {
  readonly name: string;
  readonly ended: () => boolean;
  /** SIGKILL, while it has not ended. */
  kill(): void;
}

/** Starts a process with exactly the given environment; output goes to `<logDir>/<name>.{out,err}`. */
export function spawnProcess(options: {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logDir: string;
  readonly name: string;
}): RunProcess {
  const child = execa(options.file, [...options.args], {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    cleanup: false,
    buffer: false,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines: string[] = [];
  const waiting = new Set<{
    pattern: RegExp;
    resolve: (match: RegExpMatchArray) => void;
    reject: (error: Error) => void;
  }>();
  let pending = "";
  let hasEnded = false;
  const log = createWriteStream(path.join(options.logDir, `${options.name}.out`), { flags: "a" });
  const errorLog = createWriteStream(path.join(options.logDir, `${options.name}.err`), { flags: "a" });
  let lastWords = "";
  child.stdout.on("data", (chunk: Buffer) => {
    log.write(chunk);
    pending += chunk.toString("utf8");
    const parts = pending.split("\n");
    pending = (parts.pop() ?? "").slice(-100_000);
    for (const line of parts) {
      if (lines.length < 1_000) lines.push(line);
      for (const waiter of waiting) {
        const match = line.match(waiter.pattern);
        if (match === null) continue;
        waiting.delete(waiter);
        waiter.resolve(match);
      }
    }
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errorLog.write(chunk);
    lastWords = (lastWords + chunk.toString("utf8")).slice(-400);
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    const end = (code: number | null, signal: string | null) => {
      hasEnded = true;
      log.end();
      errorLog.end();
      for (const waiter of waiting) {
        waiter.reject(
          new Error(
            `${options.name} ended (${signal ?? `exit code ${code}`}) before it printed ${waiter.pattern}: ${lastWords.trim()}`,
          ),
        );
      }
      waiting.clear();
      resolve({ code, signal });
    };
    child.on("exit", end);
    child.on("error", () => end(null, null));
  });
  return {
    name: options.name,
    pid: child.pid ?? -1,
    exited,
    ended: () => hasEnded,
    kill: () => void child.kill("SIGKILL"),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const seen = lines.map((line) => line.match(pattern)).find((match) => match !== null);
        if (seen !== undefined && seen !== null) return resolve(seen);
        if (hasEnded) return reject(new Error(`${options.name} has ended: ${lastWords.trim()}`));
        waiting.add({ pattern, resolve, reject });
      }),
  };
}
