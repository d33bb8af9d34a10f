/** The one verdict of two executions of a plan: the worse of both, and the record that shows it. */
import { describe, expect, it } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { compare } from "../../harness/campaign/twice.ts";
import type { RunRecord } from "../../harness/history.ts";
import * as story from "../check/stories.ts";

const executed = (record: RunRecord) => ({ record, assessment: assess(record) });
const passes = executed(story.cutAfterResult());
const { plan } = passes.record;
/** As before, and the run ended with the session at work. */
const breaks = executed({
  ...passes.record,
  history: [...passes.record.history, { t: "9000000000000", kind: "watchdog", waitingFor: "something" }],
});
const fails = executed({ ...passes.record, infra: "the disk is full" });
const blind = executed({ ...passes.record, cuts: [] });

describe("of two executions", () => {
  it("a defect is told, and kept, also where the second alone showed it", () => {
    for (const [first, second] of [
      [passes, breaks],
      [breaks, passes],
    ] as const) {
      const { assessment, shownBy, reproduced } = compare(plan, first, second);
      expect(assessment.verdict).toBe("defect");
      expect(assess(shownBy.record).defects).toEqual(assessment.defects);
      expect(reproduced).toEqual({ times: 1, of: 2 });
    }
    expect(compare(plan, breaks, breaks).reproduced).toEqual({ times: 2, of: 2 });
  });

  it("the worse one speaks, whichever it is; what only differs from it is not called nondeterministic", () => {
    expect(blind.assessment.verdict).toBe("unknown");
    for (const [first, second, verdict] of [
      [blind, passes, "unknown"],
      [passes, blind, "unknown"],
      [fails, passes, "infra"],
      [passes, fails, "infra"],
      [fails, blind, "unknown"],
    ] as const)
      expect(compare(plan, first, second).assessment.verdict).toBe(verdict);
  });

  it("two that passed by different courses are nondeterministic, where the plan has one course", () => {
    const otherwise = executed(story.orphan());
    expect(compare(plan, passes, passes).assessment.verdict).toBe("pass");
    expect(compare(plan, passes, otherwise).assessment).toMatchObject({
      verdict: "nondeterministic",
      why: expect.stringContaining("two executions differ: "),
    });
    expect(compare({ ...plan, mode: "free" }, passes, otherwise).assessment.verdict).toBe("pass");
  });
});
