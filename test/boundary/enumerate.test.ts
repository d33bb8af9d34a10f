/** An enumeration is whole, and green, only where every run that it rests on could tell. */
import { expect, it } from "vitest";
import { countedIn } from "../../harness/boundary/counted.ts";
import { type EnumerateOptions, enumerateReal } from "../../harness/boundary/enumerate.ts";
import { exitCodeOf, summaryOf } from "../../harness/boundary/table.ts";
import type { Job, Outcome } from "../../harness/campaign/job.ts";
import type { Failure } from "../../harness/campaign/pool.ts";
import type { CountedBoundaries } from "../../harness/history.ts";
import { clean } from "../check/stories.ts";

const step = { op: "write", step: "write journal", modes: ["before"] };
const life = { life: 1, script: "server.cjs", operations: [step, step], unknown: [] };

type Told = Partial<Pick<Outcome, "verdict" | "why" | "defects">> & {
  readonly boundaries?: CountedBoundaries;
};

/** Of a server that has two operations; what befalls of the third proves that there are no more. */
async function enumerated(told: (job: Job) => Told | Failure, more: Partial<EnumerateOptions> = {}) {
  const run = async (job: Job): Promise<Outcome | Failure> => {
    const ends = job.plan.boundaries?.ends ?? [];
    const hits = ends
      .filter(({ operation }) => operation <= 2)
      .map(({ operation, mode }) => ({
        life: 1,
        operation,
        mode,
        step: step.step,
        state: String(operation),
      }));
    const isWhole = hits.length === ends.length;
    const plain = { verdict: isWhole ? "pass" : "invalid", boundaries: { lives: [life], hits } } as const;
    const said = told(job);
    return "failed" in said ? said : ({ defects: [], ...plain, ...said } as unknown as Outcome);
  };
  const found = await enumerateReal({
    plan: clean().plan,
    subject: "reference",
    by: "preload",
    modes: ["before"],
    power: { models: [], states: 0 },
    recovery: "none",
    times: 1,
    outDir: "/nowhere",
    sideBySide: 1,
    run,
    ...more,
  });
  const summary = summaryOf(found);
  return { complete: found.complete, verdicts: summary.verdicts, code: exitCodeOf(found, summary) };
}

const isProof = ({ plan }: Job) => plan.boundaries?.ends.some(({ operation }) => operation === 3) === true;
const isCount = ({ plan }: Job) => plan.boundaries?.ends.length === 0;
const defect = {
  verdict: "defect",
  defects: [{ promise: "p", signature: "p/k/settled", kind: "k", phase: "settled", story: "s" }],
} as const;

it("is green where each end came, and the number behind the last did not", async () => {
  expect(await enumerated(() => ({}))).toEqual({ complete: [1], verdicts: { pass: 2 }, code: 0 });
});

it("is not whole where the run that is to prove it came to no end of its own", async () => {
  expect(await enumerated((job) => (isProof(job) ? { verdict: "infra" } : {}))).toMatchObject({
    complete: [],
    code: 3,
  });
  expect(
    await enumerated((job): Told | Failure => (isProof(job) ? { id: 1, failed: "gone" } : {})),
  ).toMatchObject({
    complete: [],
    code: 3,
  });
});

it("is not whole where a life of the server left no trace of what it did", async () => {
  const untraced = countedIn([{ life: 2, trace: undefined }], [], "/run").lives;
  const counted = (job: Job): Told =>
    isCount(job) ? { boundaries: { lives: [life, ...untraced], hits: [] } } : {};
  expect(await enumerated(counted)).toEqual({ complete: [1], verdicts: { pass: 2 }, code: 3 });
});

it("tells what is broken where nothing ended the server", async () => {
  expect((await enumerated((job) => (isProof(job) ? defect : {}))).code).toBe(1);
  expect((await enumerated((job) => (isCount(job) ? defect : {}))).code).toBe(1);
  expect((await enumerated((job) => (isCount(job) ? { verdict: "unknown" } : {}))).code).toBe(3);
});

it("makes disks larger until one was not filled, which that run must be able to tell", async () => {
  const smallDisk = (last: Told | Failure) =>
    enumerated(
      ({ plan: { boundaries } }) => {
        if (boundaries?.freeBytes === undefined) return {};
        const wasFilled = boundaries.freeBytes < 8192;
        const own = { lives: [life], hits: [], wasFilled };
        return wasFilled ? { boundaries: own } : { boundaries: own, ...last };
      },
      { smallDisk: true },
    );
  expect(await smallDisk({ verdict: "invalid" })).toMatchObject({ verdicts: { pass: 4 }, code: 0 });
  expect(await smallDisk(defect)).toMatchObject({ verdicts: { pass: 4, defect: 1 }, code: 1 });
  expect(await smallDisk({ verdict: "infra" })).toMatchObject({ code: 3 });
  expect(await smallDisk({ id: 1, failed: "no disk" })).toMatchObject({ code: 3 });
}, 5_000);
