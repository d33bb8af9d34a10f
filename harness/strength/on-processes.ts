/**
 * Repeats sampled runs of a seeded bug on real processes, with the same bug in the real server.
 *
 * Always: each in a folder of its own, on a port that is ours; nothing is repeated until it fits.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { assess } from "../campaign/assess.ts";
import { makePlace } from "../campaign/place.ts";
import { Ports } from "../execute/ports.ts";
import { executeRun } from "../execute/run.ts";
import { bundleOnce } from "../launch/bundle.ts";
import { brokenReference } from "../subject/reference.ts";
import type { Bug } from "./bug.ts";
import { agree, type Sample } from "./sample.ts";

const agentEntry = fileURLToPath(new URL("../agent/main.ts", import.meta.url));

/** One run, on both sides. */
export interface Repeated {
  readonly id: string;
  readonly seed: number;
  readonly run: number;
  readonly memory: string;
  readonly real: string;
  readonly agrees: boolean;
}

export interface BugSample {
  readonly bug: Pick<Bug, "id" | "patches">;
  readonly sample: Sample;
}

/** @param atOnce runs side by side. */
export async function repeatOnProcesses(
  all: readonly BugSample[],
  atOnce: number,
  onDone: (what: string) => void,
): Promise<readonly Repeated[]> {
  const place = await makePlace();
  const ports = await Ports.claim();
  try {
    const { agent } = await bundleOnce({ agent: agentEntry }, path.join(place.dir, "bundles"));
    const repeated: Repeated[] = [];
    const left = [...all.entries()];
    const lane = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [number, one] = next;
        const environment = {
          dir: path.join(place.dir, `r${number}`),
          port: await ports.next(),
          agentBundle: agent,
          runId: `hf-strength-${process.pid}-${number}`,
        };
        repeated[number] = await repeat(one, environment);
        onDone(`${one.bug.id} on real processes`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return repeated;
  } finally {
    await ports.release();
    await place.remove();
  }
}

async function repeat(
  { bug, sample }: BugSample,
  environment: Parameters<typeof executeRun>[2],
): Promise<Repeated> {
  const subject = brokenReference(bug.id, bug.patches);
  const { verdict, why, defects } = assess(await executeRun(sample.plan, subject, environment));
  const promises = [...new Set(defects.map(({ promise }) => promise))];
  return {
    id: bug.id,
    seed: sample.seed,
    run: sample.run,
    memory: [sample.verdict, ...sample.promises].join(" "),
    real: [verdict, ...promises, ...(verdict === "pass" || verdict === "defect" ? [] : [why])].join(" "),
    agrees: agree(sample, { verdict, promises }),
  };
}
