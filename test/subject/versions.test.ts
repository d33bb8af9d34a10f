/** Versions that take over from each other in one plan, on real processes. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { dir } from "tmp-promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { faultNames } from "../../harness/fault/index.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import type { Context } from "../../harness/subject/contract.ts";
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

it("what runs share is left as it is when one of them changes its version", async () => {
  const { path, cleanup } = await dir({ unsafeCleanup: true, prefix: "holdfast-versions-" });
  try {
    const shared = join(path, "shared");
    await reference.prepare?.(shared);
    const ctx = { dir: join(path, "run"), shared } as Context;
    await reference.setup?.(ctx);
    const read = async (folder: string, end: string) =>
      readFile(join(folder, (await readdir(folder)).find((name) => name.endsWith(end)) ?? ""), "utf8");
    const before = await read(shared, ".text");
    expect(await read(ctx.dir, ".text")).toBe(before);
    await reference.useVersion?.(ctx, "next");
    expect(await read(shared, ".text")).toBe(before);
    expect(await read(ctx.dir, ".text")).toContain("weather");
    await reference.useVersion?.(ctx, "this");
    expect(await read(ctx.dir, ".text")).toBe(before);
  } finally {
    await cleanup();
  }
});
