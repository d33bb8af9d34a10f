/**
 * What is kept of a run is the run that was judged: read again, it is judged alike.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readArtifactRecord, writeMemoryArtifact } from "../../harness/campaign/artifact.ts";
import { assess } from "../../harness/campaign/assess.ts";
import type { RunRecord } from "../../harness/history.ts";
import * as story from "../check/stories.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-artifact-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it("also of a session that was never acknowledged", async () => {
  const { history, ...rest } = story.clean();
  const left = history.filter(({ kind }) => kind !== "submitted");
  const run: RunRecord = { ...rest, history: left, sessionIds: [undefined] };
  const judged = assess(run);
  expect(judged.defects.map(({ signature }) => signature)).toContain("settles/never-accepted/settled");
  await writeMemoryArtifact(dir, { subject: "forged", origin: "test", plan: run.plan }, run, judged);
  expect(assess(await readArtifactRecord(dir))).toEqual(judged);
});
