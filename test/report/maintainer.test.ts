/** The page for a maintainer: its verdicts, and that nothing of a run becomes markup. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dir } from "tmp-promise";
import { expect, it } from "vitest";
import { readArtifactPlan } from "../../harness/campaign/artifact.ts";
import type { CampaignResult, FoundDefect } from "../../harness/campaign/result.ts";
import { nothingSpent } from "../../harness/campaign/spent.ts";
import { checks } from "../../harness/check/index.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import { criteria } from "../../harness/report/maintainer/criteria.ts";
import { writeReport } from "../../harness/report/maintainer/index.ts";
import { pageOf, type Setting } from "../../harness/report/maintainer/page.ts";

const plan: Plan = {
  version: 1,
  mode: "lockstep",
  clients: 1,
  sessions: [
    {
      agent: "codex",
      storeLag: "ada",
      turns: [
        {
          script: {
            replies: [{ calls: [{ outcome: "append", resultChars: 1, style: "ascii" }], parallel: false }],
            finalText: "",
          },
        },
      ],
    },
  ],
  rounds: [
    {
      at: { session: 0, event: "result:1/out" },
      position: "shown",
      fault: { kind: "kill", target: "tree" },
      orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 },
      damage: [{ role: "log", how: "cut", file: 0, record: 0 }],
    },
  ],
};

function defect(promise: string, events: number, story = "it was so"): FoundDefect {
  return {
    promise,
    kind: "x",
    phase: "resume",
    signature: `${promise}/x-${events}/resume`,
    story,
    runs: 3,
    firstPlan: 0,
    artifact: "a",
    replay: "r",
    size: { events, faults: 1 },
    reproduced: "2 of 2",
    tier: "real",
    plan,
  };
}

function result(change: Partial<CampaignResult> = {}): CampaignResult {
  const kept = { pass: 5, fail: 0, unknown: 0, "not-applicable": 0 };
  return {
    seed: 1,
    subject: "controller in /somewhere/else",
    runs: 5,
    counted: 5,
    freeRuns: 2,
    doubled: 1,
    verdicts: { defect: 0, unknown: 0, nondeterministic: 0, invalid: 0, infra: 0, pass: 5 },
    problems: [],
    defects: [],
    promises: Object.fromEntries(checks.map(({ promise }) => [promise, kept])),
    sometimes: { "flag raised": "n/a", "server frozen": 2 },
    flags: { truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0, either: 0, changed: 0 },
    canary: "died as expected",
    distinctTraces: 1,
    durationMs: 1,
    runsPerSecond: 1,
    interrupted: false,
    spent: nothingSpent,
    tiers: {},
    ...change,
  };
}

const setting: Setting = {
  date: "2026-11-25",
  holdfast: "0",
  node: "20",
  platform: "linux",
  replay: (file) => `replay ${file}`,
};
const verdicts = (of: CampaignResult) => pageOf(of, setting).rows.map(({ verdict }) => verdict);

it("every promise stands for exactly one criterion", () => {
  const named = criteria.flatMap(({ promises }) => promises);
  expect([...named].sort()).toEqual(checks.map(({ promise }) => promise).sort());
});

it("a criterion - kept, broken, nobody could tell, never tried - is met only in the first case", () => {
  expect(verdicts(result())).toEqual(["met", "met", "met", "met"]);
  const fail = { pass: 1, fail: 4, unknown: 0, "not-applicable": 0 };
  const unknown = { pass: 4, fail: 0, unknown: 1, "not-applicable": 0 };
  const broken = result({
    defects: [defect("no-lost-run", 5)],
    promises: { ...result().promises, "no-lost-run": fail, "result-unchanged": unknown },
  });
  expect(verdicts(broken)).toEqual(["not met", "not known", "met", "met"]);
  expect(verdicts(result({ promises: {} }))).toEqual(["not known", "not known", "not known", "met"]);
});

it("a criterion - a promise broken in a run of which no defect is told - is not met", () => {
  const fail = { pass: 4, fail: 1, unknown: 0, "not-applicable": 0 };
  const found = pageOf(result({ promises: { ...result().promises, "no-lost-run": fail } }), setting);
  expect(found.rows[0]).toMatchObject({ verdict: "not met", others: [] });
  expect(found.rows[0]?.why).toContain("1 of ");
});

it("regression coverage - a campaign that was interrupted - is not known, and the page says why", () => {
  const page = pageOf(result({ interrupted: true }), setting);
  expect(page.rows.at(-1)?.verdict).toBe("not known");
  expect(page.campaign[0]?.value).toContain("interrupted before the end");
});

it("regression coverage - a situation at zero, or a known-bad build that lived - is not met", () => {
  expect(verdicts(result({ sometimes: { "server frozen": 0 } })).at(-1)).toBe("not met");
  expect(verdicts(result({ canary: "lived: expected x" })).at(-1)).toBe("not met");
});

it("the smallest counterexample comes first, and is told in words", () => {
  const found = result({ defects: [defect("settles", 9), defect("no-lost-run", 3)] });
  const row = pageOf(found, setting).rows[0];
  expect(row?.smallest?.signature).toBe("no-lost-run/x-3/resume");
  expect(row?.others.map(({ signature }) => signature)).toEqual(["settles/x-9/resume"]);
  expect(row?.smallest?.steps).toEqual([
    "A session with codex: 1 tool call.",
    "When the result of call 1 is printed and a client has been shown it: the server is killed with everything that it started (SIGKILL).",
    "Before the restart the last line of a log is cut in half.",
    "The user looks, and resumes what is not finished.",
  ]);
});

it("written to a folder - two pages without foreign markup, and a plan that can be replayed elsewhere", async () => {
  const { path: folder, cleanup } = await dir({ unsafeCleanup: true });
  try {
    const evil = defect("no-lost-run", 3, 'a <script>alert("x")</script> | `b` *c*');
    const pages = await writeReport(result({ defects: [evil] }), folder);
    expect(pages).toEqual([join(folder, "controller.md"), join(folder, "controller.html")]);
    const [markdown = "", html = ""] = await Promise.all(pages.map((page) => readFile(page, "utf8")));
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
    expect(markdown).toContain("\\<script\\>");
    expect(markdown).not.toContain(" *c*");
    const kept = await readArtifactPlan(join(folder, "plans", "controller", "no-lost-run--x-3--resume.json"));
    expect(kept).toMatchObject({ subject: "controller", signature: evil.signature, plan });
  } finally {
    await cleanup();
  }
});
