/**
 * Who runs on this machine.
 *
 * Always: a process is pid + start time + boot id (+ pid namespace on Linux); a zombie does not run; a signal is
 * sent only after all of them were compared again.
 * Limits: between comparing and signalling the pid could in theory be given to another process; Linux hands
 * pids out in a circle, so that would take a whole round within microseconds. On macOS the start time has the
 * resolution of one second and comes from `ps`: best effort.
 */
import { execFile } from "node:child_process";
import { kill, pid as ownPid, platform } from "node:process";
import { HoldfastError } from "../model/error.ts";
import type { Processes, ProcessIdentity } from "../model/ports.ts";
import { asIoError, errorCode } from "./io.ts";
import { hostKin } from "./kin.ts";
import { procLink, procText } from "./proc.ts";

/**
 * The process table; resolves after this process has identified itself.
 *
 * @throws HoldfastError `unsupported-platform` where the system does not say which boot this is.
 */
export async function hostProcesses(): Promise<Processes> {
  const where = platform === "linux" ? linuxPlace() : await darwinPlace();
  const startTimeOf = platform === "linux" ? linuxStartTime : darwinStartTime;
  const identify = async (pid: number): Promise<ProcessIdentity | undefined> => {
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    const startTime = await startTimeOf(pid);
    return startTime === undefined ? undefined : { pid, startTime, ...where };
  };
  const self = (await identify(ownPid)) ?? { pid: ownPid, startTime: "unknown", ...where };
  return {
    self,
    identify,
    kinOf: hostKin(identify),
    signal: async (identity, signal) => {
      const now = await identify(identity.pid);
      if (now === undefined || !sameProcess(now, identity)) return false;
      return send(identity.pid, signal);
    },
  };
}

/** True when both name one process. */
function sameProcess(left: ProcessIdentity, right: ProcessIdentity): boolean {
  return (
    left.pid === right.pid &&
    left.startTime === right.startTime &&
    left.bootId === right.bootId &&
    left.namespace === right.namespace
  );
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL" | "SIGINT"): boolean {
  try {
    kill(pid, signal);
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === "ESRCH") return false;
    throw asIoError(thrown, `pid ${pid}`, "kill");
  }
}

type Place = Pick<ProcessIdentity, "bootId" | "namespace">;

/** The namespace is ours: it is the one in which the numbers that we see mean something. */
function linuxPlace(): Place {
  const path = "/proc/sys/kernel/random/boot_id";
  const bootId = requireBootId(procText(path), path);
  return { bootId, namespace: procLink("/proc/self/ns/pid") ?? "" };
}

/** Field 22 of /proc/<pid>/stat, counted behind the last `)` because a command name may hold anything. */
async function linuxStartTime(pid: number): Promise<string | undefined> {
  const text = procText(`/proc/${pid}/stat`);
  if (text === "") return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  if (state === "Z" || state === "X" || state === undefined) return undefined;
  return fields[19];
}

async function darwinPlace(): Promise<Place> {
  const out = await run("sysctl", ["-n", "kern.bootsessionuuid"]);
  return { bootId: requireBootId(out ?? "", "sysctl kern.bootsessionuuid"), namespace: "" };
}

/**
 * Nothing else tells two boots apart for certain: the time of the boot moves with the clock, and without any, what a
 * power cut took would be believed and a stranger's pid taken for an agent's.
 */
function requireBootId(text: string, source: string): string {
  const bootId = text.trim();
  if (bootId !== "") return bootId;
  const message = `${source} cannot be read, which tells one boot of this machine from another: without it no process can be told from a stranger's. Make it readable (a sandbox may hide it), and start again.`;
  throw new HoldfastError("unsupported-platform", message);
}

async function darwinStartTime(pid: number): Promise<string | undefined> {
  const out = await run("ps", ["-o", "stat=,lstart=", "-p", String(pid)]);
  const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(out ?? "");
  if (match === null || match[1]?.startsWith("Z")) return undefined;
  return match[2];
}

function run(command: string, args: readonly string[]): Promise<string | undefined> {
  const options = { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } };
  return new Promise((resolve) => {
    execFile(command, [...args], options, (error, stdout) => resolve(error === null ? stdout : undefined));
  });
}
