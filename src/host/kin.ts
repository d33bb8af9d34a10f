/**
 * Finds the processes of an attempt after their parents are gone.
 *
 * Tools put themselves into sessions of their own, so neither parent links nor groups lead to them for long; what
 * they do not shed is the environment. The session of the wrapper finds those that were started without one.
 * Always: a process that may not be looked at, or that is gone meanwhile, is left out.
 * Limits: macOS shows environments only of this user's processes, through `ps`; best effort.
 */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { pid as ownPid, platform } from "node:process";
import type { Kin, Processes, ProcessIdentity } from "../model/ports.ts";

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
  const names = await readdir("/proc").catch((): string[] => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  // A leader's number can be given to another once its whole session is gone.
  const now = leader === undefined ? undefined : await identify(leader.pid);
  const session = now === undefined || now.startTime === leader?.startTime ? leader?.pid : undefined;
  const found = await Promise.all(pids.map((pid) => linuxOne(identify, pid, marker, session)));
  return found.filter((one) => one !== undefined);
}

async function linuxOne(
  identify: Identify,
  pid: number,
  marker: string,
  session: number | undefined,
): Promise<Kin | undefined> {
  if (pid === ownPid) return undefined;
  const [environment, stat] = await Promise.all([
    readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""),
    readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""),
  ]);
  const isMarked = environment.split("\0").includes(`${markerName}=${marker}`);
  const isInSession =
    session !== undefined && stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3] === String(session);
  if (!isMarked && !isInSession) return undefined;
  const identity = await identify(pid);
  if (identity === undefined) return undefined;
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
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
