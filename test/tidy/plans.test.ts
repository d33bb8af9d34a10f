/** The plans that the documentation tells to replay are plans, and it tells to replay each. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ArtifactPlanSchema } from "../../harness/campaign/artifact.ts";

const docs = fileURLToPath(new URL("../../docs", import.meta.url));

it("holds plans of today, each with the signature that it shows, and names them", async () => {
  const names = await readdir(path.join(docs, "plans"));
  expect(names.length).toBeGreaterThan(0);
  const page = await readFile(path.join(docs, "orchestrators.md"), "utf8");
  for (const name of names) {
    const plan = ArtifactPlanSchema.parse(JSON.parse(await readFile(path.join(docs, "plans", name), "utf8")));
    expect(plan.signature).toBeDefined();
    expect(page).toContain(`docs/plans/${name}`);
  }
});
