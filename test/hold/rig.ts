/**
 * A hold in a folder of its own, and agents that do as they are told.
 *
 * Always: `close` ends every agent that was started, by the pid that it noted itself, and removes the folder; holds
 * that leave a file open are an error.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { dir } from "tmp-promise";
import { type Hold, type HoldOptions, openHold } from "../../src/hold/index.ts";

/** A host in a process of its own. */
export interface HostProcess {
  /** The next line of its stdout, parsed. */
  said(): Promise<unknown>;
  /** Kills it; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface Rig {
  readonly agent: string;
  readonly workspace: string;
  /** Opens the hold of this rig; a hold that was opened before loses its record to it, as after a crash. */
  open(options?: Partial<HoldOptions>): Promise<Hold>;
  /** Starts a script as a host of its own, with the hold, the agent and the workspace as its arguments. */
  host(script: string): HostProcess;
  /** Prints these lines now, in the agent that was started last. */
  say(...events: readonly object[]): Promise<void>;
  /** Ends that agent by itself. */
  finish(): Promise<void>;
  /** Its argument lists, in the order of the starts. */
  starts(): Promise<readonly string[]>;
  /** Kills that agent. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Reads commands from a FIFO of its own: what to print, or to end. */
const agentScript = `#!/bin/sh
here=$(dirname "$0")
echo $$ >> "$here/pids"
echo "$*" >> "$here/starts"
fifo="$here/do-$$"
mkfifo "$fifo"
echo "to stderr" >&2
exec 3<>"$fifo"
while read -r line <&3; do
  test "$line" = end && exit 0
  printf '%s\\n' "$line"
done
`;

export async function makeRig(): Promise<Rig> {
  const root = await dir({ prefix: "holdfast-hold-" });
  const bin = join(root.path, "bin");
  const agent = join(bin, "ada");
  const workspace = join(root.path, "workspace");
  await Promise.all([mkdir(bin), mkdir(workspace)]);
  await writeFile(agent, agentScript);
  await chmod(agent, 0o755);
  const folder = join(root.path, "hold");
  const holds: Hold[] = [];
  const hosts: HostProcess[] = [];
  const pids = async (): Promise<readonly number[]> =>
    (await readFile(join(bin, "pids"), "utf8").catch(() => "")).split("\n").filter(Boolean).map(Number);
  /** Until the agent that was started last listens: an earlier one that has ended has nobody at its FIFO. */
  const command = async (text: string): Promise<void> => {
    for (;;) {
      const path = join(bin, `do-${(await pids()).at(-1) ?? 0}`);
      const fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
      if (fifo !== undefined) {
        await fifo.write(text);
        return fifo.close();
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const end = (pid: number): void => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  return {
    agent,
    workspace,
    open: async (options) => {
      const hold = await openHold({
        folder,
        env: { PATH: process.env.PATH, HOME: root.path },
        onOver: () => {},
        report: () => {},
        ...options,
      });
      holds.push(hold);
      return hold;
    },
    host: (script) => {
      const host = startHost([script, folder, agent, workspace]);
      hosts.push(host);
      return host;
    },
    say: (...events) => command(events.map((event) => `${JSON.stringify(event)}\n`).join("")),
    finish: () => command("end\n"),
    starts: async () =>
      (await readFile(join(bin, "starts"), "utf8").catch(() => "")).split("\n").filter(Boolean),
    kill: async () => end((await pids()).at(-1) ?? 0),
    close: async () => {
      for (const host of hosts) await host.kill();
      for (const hold of holds) await hold.close().catch(() => {});
      for (const pid of await pids()) end(pid);
      const kept = await openBelow(root.path);
      // The wrapper of an agent that was just killed still writes its note.
      await rm(root.path, { recursive: true, maxRetries: 20, retryDelay: 50 });
      if (kept.length > 0) throw new Error(`closed holds have still open: ${kept.join(", ")}`);
    },
  };
}

function startHost(args: readonly string[]): HostProcess {
  const host = spawn(process.execPath, ["--import", "tsx", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const over = once(host, "close");
  const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
  return {
    said: async () => {
      const { done, value } = await lines.next();
      if (done) throw new Error("the host has ended");
      return JSON.parse(value);
    },
    kill: async () => {
      host.kill("SIGKILL");
      await over;
    },
  };
}

/** Files below a folder that this process has open. */
async function openBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir("/proc/self/fd").catch(() => []);
  const paths = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
  return paths.filter((path) => path.startsWith(`${folder}/`));
}
