/**
 * The report for a program: one object on one line, alone on stdout.
 */
import type { CampaignResult } from "../campaign/result.ts";

export function jsonReport(result: CampaignResult): string {
  const { defects, problems, ...rest } = result;
  return JSON.stringify({
    ...rest,
    defects: defects.map(({ signature, promise, tier, story, artifact, replay, runs, size, reproduced }) => ({
      signature,
      promise,
      tier,
      artifact,
      replay,
      story,
      runs,
      size,
      reproduced,
    })),
    problems: problems.slice(0, 100),
  });
}
