/**
 * The mutants of this folder, and how one is hunted: the plans of a seed in order, until its promise breaks.
 *
 * Always: the unmutated build runs the same plans and must be green on them; a mutant counts as found only by the
 * promise that it is expected to break.
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { faultNames } from "../../harness/fault/index.ts";
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import { generatePlan } from "../../harness/plan/generate.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import type { Subject } from "../../harness/subject/contract.ts";
import type { Runs } from "../support/runs.ts";

export interface Mutant {
  readonly name: string;
  readonly expected: readonly string[];
  readonly patches: readonly SourcePatch[];
  readonly subject: Subject;
}

const folder = path.dirname(fileURLToPath(import.meta.url));

export async function loadMutants(): Promise<Mutant[]> {
  const files = (await readdir(folder)).filter((name) => /^(?!mutants)[a-z-]+\.ts$/.test(name)).sort();
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(pathToFileURL(path.join(folder, file)).href)) as {
        default: Subject;
        expected: readonly string[];
        patches: readonly SourcePatch[];
      };
      const { expected, patches, default: subject } = module;
      return { name: file.replace(/\.ts$/, ""), expected, patches, subject };
    }),
  );
}

/** Plan number `index` of a campaign with this seed. */
export function planOf(subject: Subject, seed: number, index: number): Plan {
  return directedPlans(subject.can, faultNames)[index] ?? generatePlan({ can: subject.can }, seed, index);
}

export interface Hunt {
  /** Number of plans up to and with the one that found it; undefined when none did. */
  readonly plans: number | undefined;
  readonly promise?: string;
  readonly plan?: Plan;
}

/** Runs plans until one of the expected promises is broken, at most `plansMax`. */
export async function hunt(
  runs: Runs,
  { subject, expected }: Mutant,
  seed: number,
  plansMax: number,
): Promise<Hunt> {
  for (let index = 0; index < plansMax; index += 1) {
    const plan = planOf(subject, seed, index);
    const { assessment, record } = await runs.run(plan, subject);
    // A patch that no longer fits its source is no mutant that nobody finds.
    if (record.infra !== undefined) throw new Error(record.infra);
    const found = assessment.defects.find(({ promise }) => expected.includes(promise));
    if (found !== undefined) return { plans: index + 1, promise: found.promise, plan };
  }
  return { plans: undefined };
}
