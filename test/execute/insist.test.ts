import { expect, it } from "vitest";
import { singleDriver } from "../../harness/check/single-driver.ts";
import { faultNames } from "../../harness/fault/index.ts";
import { executeInMemory, memoryAbilities } from "../../harness/memory/execute.ts";
import { directedPlans } from "../../harness/plan/directed.ts";

const [besideTheLiving, twice] = directedPlans(memoryAbilities, faultNames).filter(({ rounds }) =>
  rounds.some(({ insists }) => insists),
);

it("a resume beside a living agent is refused, and is on record", async () => {
  if (besideTheLiving === undefined) throw new Error("no such plan");
  const record = await executeInMemory(besideTheLiving, 1);
  const asked = record.history.findIndex(({ kind }) => kind === "resume");
  expect(record.history[asked + 1]).toMatchObject({ kind: "refused", what: "resume", status: 409 });
  expect(record.ledgers).toHaveLength(1);
  expect(singleDriver.judge(record)).toEqual({ status: "pass" });
});

it("of two resumes of what was interrupted, one is taken up", async () => {
  if (twice === undefined) throw new Error("no such plan");
  const record = await executeInMemory(twice, 1);
  const answers = record.history.filter(({ kind }) => kind === "resumed" || kind === "refused");
  expect(answers).toMatchObject([{ kind: "resumed" }, { kind: "refused", status: 409 }]);
  expect(record.ledgers).toHaveLength(2);
});
