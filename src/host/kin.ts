/**
 * Finds the processes of an attempt after their parents are gone.
 *
 * Tools put themselves into sessions of their own, so neither parent links nor groups lead to them for long; what
 * they do not shed is the environment. The session of the wrapper finds those that were started without one.
 * Always: a process that may not be looked at, or that is gone meanwhile, is left out.
 * Limits: macOS shows environments only of this user's processes, through `ps`; best effort.
 */
import { execFile } from "node:child_process";
import { pid as ownPid, platform } from "node:process";
import type { Kin, Processes, ProcessIdentity } from "../model/ports.ts";
import { procPids, procText } from "./proc.ts";

/** Name of the variable that marks an attempt's processes: without KEY, SECRET or TOKEN in it, which agents filter. */
export const markerName = "HOLDFAST_ATTEMPT";

type Identify = Processes["identify"];

/** The port {@link Processes.kinOf} on this machine. */
export function hostKin(identify: Identify): Processes["kinOf"] {
  return platform === "linux"
    ? (marker, leader) => linuxKin(identify, marker, leader)
    : (marker) => darwinKin(identify, marker);
}

async function linuxKin(
  identify: Identify,
  marker: string,
  leader: ProcessIdentity | undefined,
): Promise<readonly Kin[]> {
  // A leader's number can be given to another once its whole session is gone.
  const now = leader === undefined ? undefined : await identify(leader.pid);
  const session = now === undefined || now.startTime === leader?.startTime ? leader?.pid : undefined;
  const found: Kin[] = [];
  for await (const pid of procPids()) {
    const one = await linuxOne(identify, pid, marker, session);
    if (one !== undefined) found.push(one);
  }
  return found;
}

async function linuxOne(
  identify: Identify,
  pid: number,
  marker: string,
  session: number | undefined,
): Promise<Kin | undefined> {
  if (pid === ownPid) return undefined;
  const environment = procText(`/proc/${pid}/environ`);
  const stat = procText(`/proc/${pid}/stat`);
  const isMarked = environment.split("\0").includes(`${markerName}=${marker}`);
  const isInSession =
    session !== undefined && stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3] === String(session);
  if (!isMarked && !isInSession) return undefined;
  const identity = await identify(pid);
  if (identity === undefined) return undefined;
  const line = Buffer.from(procText(`/proc/${pid}/cmdline`), "latin1").toString("utf8");
  return { identity, by: isMarked ? "marker" : "session", args: line.replace(/\0$/, "").split("\0") };
}

async function darwinKin(identify: Identify, marker: string): Promise<readonly Kin[]> {
  const options = {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    maxBuffer: 64 * 1024 * 1024,
  };
  const out = await new Promise<string>((resolve) => {
    execFile("ps", ["-axEww", "-o", "pid=,command="], options, (error, stdout) =>
      resolve(error === null ? stdout : ""),
    );
  });
  const found: Kin[] = [];
  for (const line of out.split("\n")) {
    const match = /^\s*(\d+)\s+(.+)$/.exec(line);
    const pid = Number(match?.[1]);
    if (match === null || pid === ownPid || !line.includes(`${markerName}=${marker}`)) continue;
    const identity = await identify(pid);
    const [command = ""] = (match[2] ?? "").split(` ${markerName}=`);
    if (identity !== undefined) found.push({ identity, by: "marker", args: command.split(" ") });
  }
  return found;
}
