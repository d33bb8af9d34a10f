/**
 * A short campaign in memory as tests of mutants: each run of it is one test, red where a campaign would be.
 *
 * Always: a run is the same whoever executes it; only such runs are taken that the sound orchestrator passes.
 * Never: a fault that did not fire counts as found. Where a mutant moves a crash away, nothing has been shown.
 */
import { assess } from "../../harness/campaign/assess.ts";
import { faultNames } from "../../harness/fault/index.ts";
import { Chooser, type Draw, executeDraw } from "../../harness/memory/chooser/chooser.ts";
import { defaultModels } from "../../harness/memory/crashes.ts";
import found from "../memory/found-runs.json" with { type: "json" };

/** One run, as plain data. */
export interface CampaignRun extends Pick<Draw, "plan" | "seed" | "crashes"> {
  readonly name: string;
}

const red = new Set(["defect", "unknown", "infra"]);

/** What campaigns have found and was kept, and the first runs of a campaign of this seed. */
export async function campaignRuns(seed: number, count: number): Promise<CampaignRun[]> {
  const runs = found.map(({ what, ...run }) => ({ name: `found: ${what}`, ...run }) as CampaignRun);
  const chooser = new Chooser(seed, { faults: faultNames, models: defaultModels });
  for (let number = 0; number < count; number += 1) {
    const draw = await chooser.draw();
    const { plan, crashes } = draw;
    const { verdict } = assess((await executeDraw(draw)).record);
    if (verdict === "pass")
      runs.push({ name: `campaign of seed ${seed}, run ${number}`, plan, seed: draw.seed, crashes });
  }
  return runs;
}

/** Executes it; throws where the campaign would end red. */
export async function judgeRun(run: CampaignRun): Promise<void> {
  const { verdict, why, defects } = assess((await executeDraw(run)).record);
  if (red.has(verdict))
    throw new Error([verdict, why ?? "", ...defects.map(({ signature }) => signature)].join(" "));
}
