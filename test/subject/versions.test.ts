/** Versions that take over from each other in one plan, on real processes. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { faultNames } from "../../harness/fault/index.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import reference from "../../harness/subject/reference.ts";
import { Runs } from "../support/runs.ts";

let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

it("this version, the next, this one again: every promise is kept, and what the older does not know is kept too", async () => {
  const plan = directedPlans(reference.can, faultNames).find(({ rounds }) =>
    rounds.some(({ version }) => version === "next"),
  );
  if (plan === undefined) throw new Error("no plan changes versions");
  const { record, assessment } = await runs.run(plan, reference);
  expect(assessment).toMatchObject({ verdict: "pass", counts: true });
  expect(assessment.met).toContain("another version took over, and this one again");
  const versions = record.history.flatMap((entry) => (entry.kind === "version" ? [entry.version] : []));
  expect(versions).toEqual(["next", "this", "next", "this"]);
  // It was another version: clients were shown what this one has no word for, and it stands in the journal at the end.
  const seen = record.history.flatMap((entry) => (entry.kind === "shown" ? [entry.event.text] : []));
  expect(seen).toContain("so it was");
  const journals = record.cuts.at(-1)?.files.filter(({ role }) => role === "journal") ?? [];
  expect(journals.map(({ content }) => content).join("")).toContain('"weather"');
}, 60_000);
