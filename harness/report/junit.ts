/**
 * The report as JUnit XML: a test case for each promise and each situation.
 */
import junit, { type Builder } from "junit-report-builder";
import { type CampaignResult, isTrustworthy } from "../campaign/result.ts";

// The package is CommonJS whose export is the builder itself; its types describe the ES build.
const builder = junit as unknown as Builder;

export function junitReport(result: CampaignResult): string {
  const report = builder.newBuilder();
  const promises = report.testSuite().name(`holdfast chaos: ${result.subject}, seed ${result.seed}`);
  for (const [promise, counts] of Object.entries(result.promises)) {
    const test = promises.testCase().className("promise").name(promise);
    const broken = result.defects.filter((defect) => defect.promise === promise);
    if (broken.length > 0)
      test.failure(
        broken.map(({ signature, story, replay }) => `${signature}\n${story}\n${replay}`).join("\n\n"),
      );
    else if ((counts["fail"] ?? 0) > 0) test.failure(`broken in ${counts["fail"]} runs`);
    else if ((counts["unknown"] ?? 0) > 0) test.error(`unknown in ${counts["unknown"]} runs`);
    else if ((counts["pass"] ?? 0) === 0) test.skipped();
  }
  for (const [name, count] of Object.entries(result.sometimes)) {
    const test = promises.testCase().className("situation met").name(name);
    if (count === 0) test.failure("never met");
    else if (typeof count === "string") test.skipped();
  }
  const trust = promises.testCase().className("campaign").name("can be trusted");
  if (!isTrustworthy(result)) {
    trust.error(
      [
        `${result.runs} runs${result.interrupted ? ", interrupted" : ""}; canary: ${result.canary}`,
        ...result.problems.map(({ plan, verdict, why }) => `plan ${plan}: ${verdict}: ${why}`),
      ].join("\n"),
    );
  }
  return report.build();
}
