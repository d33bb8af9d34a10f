/**
 * What it takes to count inside a process under test: the preload, bundled, and the variables that bring it there.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type BoundaryOrder, orderVariable } from "./operation.ts";
import { compileShim, ShimUnavailable, shimEnvironment } from "./shim.ts";

export interface BoundaryTools {
  /** The preload, bundled; absolute. */
  readonly preload: string;
  /** The shim, compiled; where it was asked for. */
  readonly shim?: string;
}

/** Who counts. */
export type Counter = "preload" | "shim";

/** Makes the tools in a folder; once a campaign. @throws ShimUnavailable where the shim is asked for and cannot be had. */
export async function makeTools(dir: string, counter: Counter = "preload"): Promise<BoundaryTools> {
  await mkdir(dir, { recursive: true });
  const preload = path.join(dir, "preload.cjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./preload.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    outfile: preload,
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "silent",
  });
  return counter === "shim" ? { preload, shim: await compileShim(dir) } : { preload };
}

/** The environment with which a process counts, and hands the same on to what it starts. */
export function orderedEnvironment(
  env: Readonly<Record<string, string>>,
  { preload, shim }: BoundaryTools,
  order: BoundaryOrder,
  counter: Counter = "preload",
): Record<string, string> {
  if (counter === "shim") {
    if (shim === undefined) throw new ShimUnavailable("The shim was not compiled for this campaign.");
    return shimEnvironment(env, shim, order);
  }
  const options = [env["NODE_OPTIONS"], `--require=${preload}`].filter((one) => one !== undefined);
  return { ...env, NODE_OPTIONS: options.join(" "), [orderVariable]: JSON.stringify(order) };
}
