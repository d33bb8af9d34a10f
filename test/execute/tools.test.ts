/** A call whose process outlives its agent: what is said of it, and what is refused meanwhile. */
import { afterAll, beforeAll, expect, it } from "vitest";
import reference from "../../harness/subject/reference.ts";
import scenario from "../../scenarios/tool-goes-on-without-its-agent.ts";
import { type JudgedRun, Runs, told } from "../support/runs.ts";

let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

function saidOfFirstCall({ record }: JudgedRun): unknown[] {
  return record.history.flatMap((entry) =>
    entry.kind === "observe" ? [[entry.label, entry.sessions[0]?.calls[0]?.state]] : [],
  );
}

it("runs until it is gone, is not resumed beside, and is done once by its tool", async () => {
  const run = await runs.run(scenario.plan, reference);
  expect(told(run)).toEqual({ verdict: "pass", why: undefined, infra: undefined, defects: [] });
  expect(saidOfFirstCall(run).slice(0, 2)).toEqual([
    ["ready", "running"],
    ["observe", "running"],
  ]);
  const { history, ledgers, cuts } = run.record;
  const refused = history.flatMap((entry) => (entry.kind === "refused" ? [entry] : []));
  expect(refused).toMatchObject([
    { what: "resume", status: 409, message: expect.stringContaining("A tool") },
  ]);
  const effects = ledgers.map((entries) =>
    entries.flatMap((entry) =>
      entry.kind === "effect" && entry.phase === "done" ? [entry.by ?? "agent"] : [],
    ),
  );
  expect(effects).toEqual([["tool"], ["agent"]]);
  expect(cuts.map(({ tools }) => tools?.length ?? 0)).toEqual([1, 1, 1, 0]);
});
