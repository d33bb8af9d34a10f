/**
 * Who runs on this machine, all at once.
 *
 * Always: a process that is gone while it is looked at, or that this user may not see, is left out.
 * Limits: macOS tells no working folder without more rights, and `ps` joins arguments with spaces; best effort.
 */
import { execFile } from "node:child_process";
import { pid as ownPid, platform } from "node:process";
import type { Processes, ProcessTable, RunningProcess } from "../model/ports.ts";
import { procLink, procPids, procText } from "./proc.ts";

/** @param processes identifies each of them. */
export function hostProcessTable(processes: Processes): ProcessTable {
  const list = platform === "linux" ? linuxList : darwinList;
  return { list: () => list(processes) };
}

async function linuxList(processes: Processes): Promise<readonly RunningProcess[]> {
  const found: RunningProcess[] = [];
  for await (const pid of procPids()) {
    const one = await linuxProcess(processes, pid);
    if (one !== undefined) found.push(one);
  }
  return found;
}

async function linuxProcess(processes: Processes, pid: number): Promise<RunningProcess | undefined> {
  if (pid === ownPid) return undefined;
  const line = Buffer.from(procText(`/proc/${pid}/cmdline`), "latin1").toString("utf8");
  // Threads of the kernel have no command line.
  if (line === "") return undefined;
  const cwd = procLink(`/proc/${pid}/cwd`);
  const identity = await processes.identify(pid);
  if (identity === undefined) return undefined;
  const args = line.replace(/\0$/, "").split("\0");
  return { identity, args, ...(cwd === undefined ? {} : { cwd }) };
}

async function darwinList(processes: Processes): Promise<readonly RunningProcess[]> {
  const lines = (await run("ps", ["-axww", "-o", "pid=,command="])).split("\n");
  const found: RunningProcess[] = [];
  for (const line of lines) {
    const match = /^\s*(\d+)\s+(.+)$/.exec(line);
    if (match === null || Number(match[1]) === ownPid) continue;
    const identity = await processes.identify(Number(match[1]));
    if (identity !== undefined) found.push({ identity, args: (match[2] ?? "").split(" ") });
  }
  return found;
}

function run(command: string, args: readonly string[]): Promise<string> {
  const options = {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    execFile(command, [...args], options, (error, stdout) => resolve(error === null ? stdout : ""));
  });
}
