import { describe, expect, test } from "vitest";
import { judge } from "../../harness/check/index.ts";
import { scoreFlags } from "../../harness/oracle/flags.ts";
import { stories } from "./stories.ts";

describe("a perfect orchestrator", () => {
  test.each(Object.entries(stories))("is found to keep every promise: %s", (_name, story) => {
    const judgement = judge(story());
    const broken = judgement.defects.map(({ signature, violation }) => `${signature}: ${violation.story}`);
    expect(broken).toEqual([]);
    expect(judgement.verdict, judgement.why).toBe("pass");
  });

  test("is judged by each check at least once", () => {
    const judged = new Set(
      Object.values(stories).flatMap((story) =>
        judge(story()).results.flatMap(({ check, result }) =>
          result.status === "pass" ? [check.promise] : [],
        ),
      ),
    );
    expect(judged.size).toBe(18);
  });

  test("raises required flags, and rightly raises none where nothing diverged", () => {
    const cut = scoreFlags(stories.cutAfterEffect?.() ?? expect.fail()).totals;
    expect(cut).toMatchObject({ truePositive: 3, falsePositive: 0, falseNegative: 0, trueNegative: 5 });
    const near = scoreFlags(stories.cutAfterEnd?.() ?? expect.fail()).totals;
    expect(near).toMatchObject({ truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 8 });
  });
});
