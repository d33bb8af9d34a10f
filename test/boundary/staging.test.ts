/**
 * Whole runs whose server ends itself at one of its own operations: the person goes on, the run is judged as any other.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ShimUnavailable } from "../../harness/boundary/shim.ts";
import { limits } from "../../harness/execute/execution.ts";
import type { Boundary, Plan } from "../../harness/plan/plan.ts";
import reference from "../../harness/subject/reference.ts";
import sqlite from "../../harness/subject/sqlite.ts";
import scenario from "../../scenarios/interrupted-after-tool-result.ts";
import { Runs, told } from "../support/runs.ts";

let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

const green = { verdict: "pass", why: undefined, infra: undefined, defects: [] };

function planWith(by: "preload" | "shim", ends: readonly Omit<Boundary, "script">[], rounds = true): Plan {
  const boundaries = { by, ends: ends.map((end) => ({ ...end, script: "subject/server.cjs" })) };
  return { ...scenario.plan, boundaries, ...(rounds ? {} : { rounds: [] }) };
}

describe("an end at a boundary", () => {
  it("comes, and the recovery from it can be ended too: the reference passes", async () => {
    const counted = await runs.run(planWith("preload", []), reference);
    const [first, second] = counted.record.boundaries?.lives ?? [];
    const write = ({ step }: { readonly step: string }) => step === "write journal segment";
    const run = await runs.run(
      planWith("preload", [
        { life: 1, operation: (first?.operations.findLastIndex(write) ?? 0) + 1, mode: "torn" },
        { life: 2, operation: (second?.operations.findIndex(write) ?? 0) + 1, mode: "before" },
      ]),
      reference,
    );
    expect(told(run)).toEqual(green);
    expect(run.record.boundaries?.hits.map(({ life, step }) => `${life} ${step}`)).toEqual([
      "1 write journal segment",
      "2 write journal segment",
    ]);
    expect(run.record.history.filter(({ kind }) => kind === "server-start")).toHaveLength(2);
    expect(run.record.boundaries?.lives.map(({ life }) => life)).toEqual([1, 2, 3]);
  });

  it("between a submit and its agent costs no waiting for an agent that the repeated submit does not start", async () => {
    const counted = await runs.run(planWith("preload", [], false), reference);
    const [first] = counted.record.boundaries?.lives ?? [];
    const spool = 1 + (first?.operations.findIndex(({ step }) => step === "create spool") ?? 0);
    const { record, ...run } = await runs.run(
      planWith("preload", [{ life: 1, operation: spool, mode: "before" }], false),
      reference,
    );
    expect(told({ record, ...run })).toEqual(green);
    const at = (kind: string) => Number(record.history.find((entry) => entry.kind === kind)?.t) / 1e6;
    expect(at("resume") - at("submitted")).toBeGreaterThan(0);
    expect(at("resume") - at("submitted")).toBeLessThan(limits.agentMs / 2);
  });

  it("that does not come makes the run invalid", async () => {
    const run = await runs.run(
      planWith("preload", [{ life: 1, operation: 9_999, mode: "before" }]),
      reference,
    );
    expect(told(run)).toMatchObject({
      verdict: "invalid",
      why: "server 1 never came to its operation 9999",
    });
  });
});

describe("an orchestrator that writes by native code", () => {
  it("loses a run between its two transactions of a submit, and nowhere else by a kill there", async () => {
    const counted = await runs.run(planWith("shim", [], false), sqlite).catch((error: unknown) => {
      if (!(error instanceof ShimUnavailable)) throw error;
      process.stderr.write(`Left out: ${error.message}\n`);
      return undefined;
    });
    if (counted === undefined) return;
    const operations = counted.record.boundaries?.lives[0]?.operations ?? [];
    // A transaction is committed when its rollback journal is gone: three make the tables, one the session.
    const commits = operations.flatMap(({ step }, index) => (step.startsWith("unlink") ? [index + 1] : []));
    const session = commits[3] ?? 0;
    const signatures = async (operation: number, mode: Boundary["mode"]) => {
      const run = await runs.run(planWith("shim", [{ life: 1, operation, mode }], false), sqlite);
      return run.assessment.defects.map(({ signature }) => signature);
    };
    expect(await signatures(session, "after")).toContain("no-lost-run/run-doubled/settled");
    expect(await signatures(session, "before")).not.toContain("no-lost-run/run-doubled/settled");
  });
});
