/** A report that is not to be trusted says so, in every form, also beside promises that were broken. */
import { expect, it } from "vitest";
import { canaryPlan } from "../../harness/campaign/canary.ts";
import { emptyResult } from "../../harness/campaign/join.ts";
import { type CampaignResult, exitCodeOf } from "../../harness/campaign/result.ts";
import { reporters } from "../../harness/report/index.ts";

const nothing = emptyResult({
  seed: 1,
  subject: "mine",
  faults: [],
  tiers: ["real"],
  models: [],
  workers: 1,
  outDir: "/nowhere",
});
const green: CampaignResult = {
  ...nothing,
  runs: 2,
  verdicts: { ...nothing.verdicts, pass: 2 },
  promises: { settles: { pass: 2, fail: 0, unknown: 0, "not-applicable": 0 } },
};
const broken = { pass: 1, fail: 1, unknown: 0, "not-applicable": 0 };
const red: CampaignResult = {
  ...green,
  verdicts: { ...nothing.verdicts, pass: 1, defect: 1 },
  promises: { settles: broken },
};
const blind: CampaignResult = { ...red, canary: "lived: expected something" };

it.each<[what: string, code: number, isTrusted: boolean, result: CampaignResult]>([
  ["green", 0, true, green],
  ["nothing was run", 3, false, nothing],
  ["interrupted", 3, false, { ...green, interrupted: true }],
  ["a run was unknown", 3, false, { ...green, runs: 3, verdicts: { ...green.verdicts, unknown: 1 } }],
  ["a situation was never met", 3, false, { ...green, sometimes: { "recovery killed": 0 } }],
  ["red", 1, true, red],
  ["red, and the canary lived", 1, false, blind],
])("%s", (_, code, isTrusted, result) => {
  expect(exitCodeOf(result)).toBe(code);
  const said = (name: string) => reporters[name]?.(result) ?? expect.fail();
  const trust = /<testcase[^>]*name="can be trusted"[^>]*?(\/>|>)/.exec(said("junit"))?.[1];
  expect(trust).toBe(isTrusted ? "/>" : ">");
  expect(said("github").includes("cannot be trusted")).toBe(!isTrusted);
  expect(said("pretty").includes("✓ All promises kept")).toBe(code === 0);
});

it("in JUnit a promise that was broken is no success, though no defect of it is told", () => {
  expect(reporters["junit"]?.(red)).toMatch(/name="settles"[^>]*>\s*<failure/);
});

it("what a server said is one line of the report, and neither moves the cursor nor is a command to a runner", () => {
  const story = "it said\n::stop-commands::x\r\u001b[2J and\u2028more";
  const told = {
    promise: "settles",
    signature: "settles/x/y",
    kind: "x",
    phase: "settled" as const,
    story,
    tier: "real" as const,
    runs: 1,
    firstPlan: 0,
    artifact: "a",
    replay: "r",
    size: { events: 1, faults: 1 },
    reproduced: "1 of 1",
    plan: canaryPlan(1),
  };
  const problems = [{ tier: "real" as const, plan: 1, verdict: "infra" as const, why: story }];
  const result: CampaignResult = {
    ...blind,
    defects: [told],
    problems,
    canary: `could not be run: ${story}`,
  };
  for (const name of ["pretty", "github"]) {
    const lines = (reporters[name]?.(result) ?? "").split("\n");
    expect(lines.filter((line) => line.trimStart().startsWith("::stop-commands"))).toEqual([]);
    expect(lines.filter((line) => /[\p{Cc}\u2028]/u.test(line) && !line.startsWith("::"))).toEqual([]);
  }
});
