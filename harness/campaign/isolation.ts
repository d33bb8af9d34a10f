/**
 * Namespaces for workers: what a process can have to itself on Linux, as root, and what can be done elsewhere.
 *
 * Always: asked once what this machine allows; where it allows nothing the command line is empty and the worker is
 * an ordinary process.
 */
import { spawnSync } from "node:child_process";

/** Words to put before a worker's command line. `ownNetwork`: with a loopback that no other worker sees. */
export function isolation(ownNetwork: boolean): readonly string[] {
  if (ownNetwork && hasOwnNetwork()) return [...inPidNamespace, "--net", ...asShell, networkUp, "sh"];
  return hasPidNamespace() ? [...inPidNamespace, ...asShell, '"$@"; exit $?', "sh"] : [];
}

/** Can each worker have a network of its own here? Where not, servers with a fixed port run one at a time. */
export function hasOwnNetwork(): boolean {
  networkWorks ??=
    hasPidNamespace() && works([...inPidNamespace, "--net", ...asShell, networkUp, "sh", "true"]);
  return networkWorks;
}

function hasPidNamespace(): boolean {
  pidWorks ??= process.platform === "linux" && works([...inPidNamespace, "true"]);
  return pidWorks;
}

let pidWorks: boolean | undefined;
let networkWorks: boolean | undefined;

const inPidNamespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"];
// A shell is process 1 of the namespace: unlike Node it reaps the orphans that fall to it.
const asShell = ["/bin/sh", "-c"];
// A new network has a loopback that is down.
const networkUp = 'ip link set lo up && "$@"; exit $?';

function works([file = "", ...args]: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: "ignore" }).status === 0;
}
