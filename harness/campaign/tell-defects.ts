/**
 * The defects of a campaign, each signature once: how many runs showed it, and the smallest plan that does.
 *
 * Always: what is told was executed, as small as the time that was left allowed.
 */
import path from "node:path";
import type { Plan } from "../plan/plan.ts";
import { shrinkPlan } from "../plan/shrink.ts";
import { replayCommand } from "../subject/trust.ts";
import type { CampaignOptions } from "./campaign.ts";
import type { Defect, Outcome } from "./job.ts";
import type { Failure, Pool } from "./pool.ts";
import { type FoundDefect, sizeOf } from "./result.ts";

/** Distinct signatures that are shrunk; the others are told with the plan that showed them. */
const shrunkMax = 3;

/** What a campaign has come to when its runs are over. */
export interface Ran {
  readonly pool: Pool;
  readonly options: CampaignOptions;
  readonly outDir: string;
  readonly outcomes: ReadonlyMap<number, Outcome | Failure>;
  planOf(index: number): Plan;
  originOf(index: number): string;
  elapsedMs(): number;
}

export function tellDefects(ran: Ran): Promise<FoundDefect[]> {
  return new Teller(ran).all();
}

class Teller {
  readonly #ran: Ran;

  constructor(ran: Ran) {
    this.#ran = ran;
  }

  async all(): Promise<FoundDefect[]> {
    const found = new Map<string, { defect: Defect; index: number; runs: number; outcome: Outcome }>();
    for (const index of [...this.#ran.outcomes.keys()].sort((left, right) => left - right)) {
      const outcome = this.#ran.outcomes.get(index);
      if (outcome === undefined || "failed" in outcome || outcome.verdict !== "defect") continue;
      for (const signature of new Set(outcome.defects.map((defect) => defect.signature))) {
        const defect = outcome.defects.find((one) => one.signature === signature);
        const known = found.get(signature);
        if (known !== undefined) known.runs += 1;
        else if (defect !== undefined) found.set(signature, { defect, index, runs: 1, outcome });
      }
    }
    const told: FoundDefect[] = [];
    for (const { defect, index, runs, outcome } of found.values()) {
      const small = told.length < shrunkMax ? await this.#shrink(defect, index) : undefined;
      told.push(
        this.#tell(
          small?.defect ?? defect,
          index,
          runs,
          small?.plan ?? this.#ran.planOf(index),
          small?.outcome ?? outcome,
        ),
      );
    }
    return told;
  }

  #tell(defect: Defect, index: number, runs: number, plan: Plan, outcome: Outcome): FoundDefect {
    const artifact = path.relative(
      process.cwd(),
      outcome.artifact ?? path.join(this.#ran.outDir, `plan-${index}`),
    );
    const { times, of } = outcome.reproduced ?? { times: 1, of: 1 };
    return {
      ...defect,
      tier: "real",
      runs,
      firstPlan: index,
      artifact,
      replay: replayCommand(artifact, this.#ran.options.subject),
      size: sizeOf(plan),
      reproduced: `${times} of ${of}`,
      plan,
    };
  }

  /** The smallest plan with the same signature that can be found in the time that is left. */
  async #shrink(
    defect: Defect,
    index: number,
  ): Promise<{ plan: Plan; defect: Defect; outcome: Outcome } | undefined> {
    const left =
      this.#ran.options.budgetMs === undefined
        ? 20_000
        : Math.min(20_000, this.#ran.options.budgetMs * 0.9 - this.#ran.elapsedMs());
    const deadline = performance.now() + Math.max(3_000, left / 2);
    const isOver = () => performance.now() > deadline || this.#ran.options.signal?.aborted === true;
    const job = { subject: this.#ran.options.subject, origin: `${this.#ran.originOf(index)}, shrunk` };
    const showing = (outcome: Outcome | Failure) =>
      "failed" in outcome
        ? undefined
        : outcome.defects.find(({ signature }) => signature === defect.signature);
    const plan = await shrinkPlan(this.#ran.planOf(index), {
      width: this.#ran.options.workers,
      isOver,
      stillFails: async (candidate) =>
        showing(await this.#ran.pool.run({ id: index, plan: candidate, times: "once", ...job })) !==
        undefined,
    });
    const slug = defect.signature.replaceAll("/", "--");
    const outcome = await this.#ran.pool.run({
      id: index,
      plan,
      times: "auto",
      artifactDir: path.join(this.#ran.outDir, slug),
      ...job,
    });
    const again = showing(outcome);
    return again === undefined || "failed" in outcome ? undefined : { plan, defect: again, outcome };
  }
}
