/**
 * The shim in C (shim.c), compiled where a C compiler is there, and the variables that bring it into a process.
 */
import { execFile } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BoundaryOrder, befalls } from "./operation.ts";

/** The shim cannot be had on this machine; the message says why and what to do. */
export class ShimUnavailable extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(`${why} Without the shim, use the preload: it sees everything but native code.`, options);
    this.name = "ShimUnavailable";
  }
}

/** Compiles the shim into a folder; once a campaign. @throws ShimUnavailable where that is not possible. */
export async function compileShim(dir: string): Promise<string> {
  if (process.platform !== "linux") throw new ShimUnavailable("The shim needs Linux.");
  const source = fileURLToPath(new URL("./shim.c", import.meta.url));
  const shim = path.join(dir, "shim.so");
  try {
    await promisify(execFile)("cc", ["-O2", "-shared", "-fPIC", "-o", shim, source, "-ldl", "-lpthread"]);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const why = isMissing ? "There is no C compiler (cc)." : `The shim does not compile: ${error}.`;
    throw new ShimUnavailable(why, { cause: error });
  }
  return shim;
}

/** The environment with which a process counts by the shim, and hands the same on to what it starts. */
export function shimEnvironment(
  env: Readonly<Record<string, string>>,
  shim: string,
  { trace, entry, at, data, bootIdFile }: BoundaryOrder,
): Record<string, string> {
  const told = {
    trace,
    ...(entry === undefined ? {} : { entry }),
    ...(at === undefined ? {} : { at: at.operation, mode: at.mode }),
    ...(at?.fails === undefined
      ? {}
      : {
          errno: constants.errno[at.fails],
          on: at.stays === true ? 1 : 0,
          // With a comma around each name, so that one is not found in another.
          ops: `,${befalls[at.fails].join(",")},`,
        }),
    ...(data === true ? { data: 1 } : {}),
    ...(bootIdFile === undefined ? {} : { boot: bootIdFile }),
  };
  const order = Object.entries(told).map(([name, value]) => `${name}=${value}`);
  return { ...env, LD_PRELOAD: shim, HOLDFAST_SHIM: order.join("\n") };
}
