/**
 * What is kept of a run is the run that was judged: read again, it is judged alike.
 */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readArtifactRecord, writeArtifact, writeMemoryArtifact } from "../../harness/campaign/artifact.ts";
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

it("holds neither the server's token nor anything that a link in its folder leads to", async () => {
  const [run, runDir, outside] = [story.clean(), path.join(dir, "run"), path.join(dir, "outside")];
  const home = path.join(runDir, "subject", "home");
  await mkdir(home, { recursive: true });
  await mkdir(outside);
  const files = ["journal", "token", "token.tmp-0-1"].map((name) => writeFile(path.join(home, name), "x"));
  await Promise.all([...files, writeFile(path.join(outside, "key"), "secret")]);
  await symlink(path.join(outside, "key"), path.join(home, "key"));
  await symlink(outside, path.join(home, "modules"));
  const artifact = path.join(dir, "artifact");
  const header = { subject: "forged", origin: "test", plan: run.plan };
  await writeArtifact(artifact, header, run, assess(run), runDir);
  expect(await readdir(path.join(artifact, "disk", "subject", "home"))).toEqual(["journal"]);
});
