/**
 * The real world: all ports on this machine.
 */
import { platform } from "node:process";
import { HoldfastError } from "../model/error.ts";
import type { World } from "../model/ports.ts";
import { hostAgents } from "./agents.ts";
import { hostClock } from "./clock.ts";
import { hostFiles } from "./files.ts";
import { hostIds } from "./ids.ts";
import { hostNames } from "./names.ts";
import { hostProcesses } from "./processes.ts";

/**
 * @param searchPath PATH in which agents are looked up.
 * @throws HoldfastError `unsupported-platform` where there are no FIFOs and signals as we need them.
 */
export async function realWorld(searchPath: string): Promise<World> {
  if (platform !== "linux" && platform !== "darwin") {
    throw new HoldfastError(
      "unsupported-platform",
      `Holdfast needs FIFOs and signals, which ${platform} does not have. Run it on Linux or macOS (WSL 2 works).`,
    );
  }
  return {
    files: hostFiles(),
    processes: await hostProcesses(),
    agents: hostAgents(searchPath),
    clock: hostClock(),
    ids: hostIds(),
    names: hostNames(),
  };
}
