/**
 * Disks that fail, under whole runs: the run goes on as far as it does, a person mends the disk, no promise is broken.
 */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ShimUnavailable } from "../../harness/boundary/shim.ts";
import { whyNoDisk } from "../../harness/boundary/small-disk.ts";
import { readTraces } from "../../harness/boundary/trace.ts";
import type { CountedBoundaries } from "../../harness/history.ts";
import { type Boundary, type Plan, PlanSchema } from "../../harness/plan/plan.ts";
import type { Subject } from "../../harness/subject/contract.ts";
import reference from "../../harness/subject/reference.ts";
import scenario from "../../scenarios/interrupted-after-tool-result.ts";
import { Runs, told } from "../support/runs.ts";

let runs: Runs;
let operations: CountedBoundaries["lives"][number]["operations"] | undefined;
let inRecovery: (step: string) => number = () => -1;
/** Folder of the run that was last set up. */
let runDir = "";
const subject: Subject = {
  ...reference,
  async setup(ctx) {
    runDir = path.dirname(ctx.dir);
    await reference.setup?.(ctx);
  },
};
const none = { verdict: "pass", why: undefined, infra: undefined, defects: [] };

function planWith(boundaries: Plan["boundaries"]): Plan {
  return PlanSchema.parse({ ...scenario.plan, boundaries });
}

beforeAll(async () => {
  runs = await Runs.open();
  try {
    const { record } = await runs.run(planWith({ by: "shim", ends: [] }), subject);
    operations = record.boundaries?.lives[0]?.operations;
    inRecovery = (wanted) =>
      record.boundaries?.lives[1]?.operations.findIndex(({ step }) => step === wanted) ?? -1;
  } catch (error) {
    if (!(error instanceof ShimUnavailable)) throw error;
    process.stderr.write(`Tests of failing operations are left out: ${error.message}\n`);
  }
});
afterAll(() => runs.close());

describe("an operation that fails", () => {
  const failing = async (step: string, fails: NonNullable<Boundary["fails"]>, from = 0) => {
    const at = operations?.findIndex((one, index) => index >= from && one.step === step) ?? -1;
    const end = { script: "subject/server.cjs", life: 1, operation: at + 1, mode: "fail" as const, fails };
    return runs.run(planWith({ by: "shim", ends: [end] }), subject);
  };

  it("to bring the journal to the disk: nothing more is written to that file", async (test) => {
    if (operations === undefined) return test.skip();
    const spool = operations.findIndex(({ step }) => step === "create spool");
    const run = await failing("sync journal segment", { code: "EIO", stays: false }, spool);
    expect(told(run)).toEqual(none);
    const [hit] = run.record.boundaries?.hits ?? [];
    const [trace] = readTraces(path.join(runDir, "boundary", "server-1"));
    const failed = trace?.operations.find(({ n }) => n === hit?.operation);
    expect(failed?.ended?.error).toBe("5");
    const later = trace?.operations.filter(
      ({ n, path: file }) => n > (failed?.n ?? 0) && file === failed?.path,
    );
    expect(later?.map(({ op }) => op).filter((op) => op !== "open")).toEqual([]);
    expect(trace?.operations.filter(({ path: file }) => file.endsWith("00000002.journal"))).not.toEqual([]);
  });

  it("for good: what the server refuses meanwhile is done when the disk is sound again", async (test) => {
    if (operations === undefined) return test.skip();
    const run = await failing("mkdir attempt folder", { code: "EROFS", stays: true });
    expect(told(run)).toEqual(none);
    expect(run.record.history.some(({ kind }) => kind === "refused" || kind === "unanswered")).toBe(true);
  });

  const failingSync = async (stays: boolean) => {
    const end = { script: "subject/server.cjs", life: 2, operation: 1 + inRecovery("sync spool") };
    const fails = { code: "EIO" as const, stays };
    const run = await runs.run(planWith({ by: "shim", ends: [{ ...end, mode: "fail", fails }] }), subject);
    const said = run.record.history.flatMap((entry) => (entry.kind === "observe" ? entry.sessions : []));
    return { run, said: said[0] };
  };

  it("in the recovery: what was not synced is written anew, and all is said", async (test) => {
    if (operations === undefined) return test.skip();
    const { run, said } = await failingSync(false);
    expect(told(run)).toEqual(none);
    const trace = run.record.boundaries?.lives[1]?.operations.map(({ step }) => step) ?? [];
    const at = trace.indexOf("sync spool");
    expect(trace.slice(at, at + 3)).toEqual(["sync spool", "write spool", "sync spool"]);
    expect(said).toMatchObject({ ended: "no", live: "no" });
    expect(run.assessment.flags).toMatchObject({ truePositive: 2, either: 0 });
  });

  it("in the recovery: a server that says it cannot say is excused until its disk is sound", async (test) => {
    if (operations === undefined) return test.skip();
    const { run, said } = await failingSync(true);
    expect(told(run)).toEqual(none);
    expect(said).toMatchObject({ ended: "unknown", live: "unknown", flags: [] });
    expect(run.assessment.flags.either).toBeGreaterThanOrEqual(2);
    expect(run.assessment.flags.truePositive).toBeGreaterThanOrEqual(2);
  });

  it("that never comes makes the run invalid", async (test) => {
    if (operations === undefined) return test.skip();
    const end = { script: "subject/server.cjs", life: 1, operation: 9_999, mode: "fail" as const };
    const fails = { code: "EIO" as const, stays: false };
    const run = await runs.run(planWith({ by: "shim", ends: [{ ...end, fails }] }), subject);
    expect(told(run)).toMatchObject({ verdict: "invalid" });
  });
});

describe("a disk that gets full", () => {
  const why = whyNoDisk();
  if (why !== undefined) process.stderr.write(`2 tests left out: ${why}\n`);

  it.skipIf(why !== undefined)("takes parts of records, and no promise is broken", async () => {
    const run = await runs.run(planWith({ by: "preload", ends: [], freeBytes: 3 * 4096 }), subject);
    expect(told(run)).toEqual(none);
    expect(run.record.boundaries?.wasFilled).toBe(true);
  });

  it.skipIf(why !== undefined)("makes the run invalid where it does not", async () => {
    const run = await runs.run(planWith({ by: "preload", ends: [], freeBytes: 900 * 4096 }), subject);
    expect(told(run)).toMatchObject({ verdict: "invalid", why: "the small disk never was full" });
  });
});
