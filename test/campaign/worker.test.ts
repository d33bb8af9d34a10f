/** Workers run without a loader of TypeScript; people's subjects load in them all the same, however they are written. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { canaryPlan } from "../../harness/campaign/canary.ts";
import { withPool } from "../../harness/campaign/with-pool.ts";

/** A subject that says what it was loaded with as soon as it is asked for anything. */
const subject = (word: string): string => `
  const no = async () => { throw new Error("loaded: " + ${word}); };
  export default {
    name: "mine",
    can: { resume: true, reload: [], flags: false, cursor: false, stop: false, damage: false },
    setup: no, start: no, submit: no, resume: no, events: no, observe: no, files: no, stop: no,
  };`;

it("loads TypeScript, JavaScript, and JavaScript that imports TypeScript", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "holdfast-worker-"));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(path.join(dir, name), text);
    return path.join(dir, name);
  };
  try {
    await file("word.ts", "export const word: string = 'typed';");
    const files = [
      await file("a.ts", `import { requestJson } from "holdfast/harness"; ${subject("typeof requestJson")}`),
      await file("b.js", subject("import.meta.url.slice(-4)")),
      await file("c.mjs", `import { word } from "./word.ts"; ${subject("word")}`),
    ];
    const answers = await withPool({ workers: 1, subject: {} }, (pool) =>
      Promise.all(
        files.map((subject, id) =>
          pool.run({
            id,
            subject,
            plan: canaryPlan(1),
            times: "once",
            origin: "test",
            // There can be no folder below a file: what came of the run is told all the same.
            artifactDir: path.join(files[0] ?? "", `plan-${id}`),
          }),
        ),
      ),
    );
    expect(answers.map((answer) => "artifact" in answer)).toEqual([false, false, false]);
    expect(answers).toMatchObject([
      { verdict: "infra", why: expect.stringContaining("loaded: function") },
      { verdict: "infra", why: expect.stringContaining("loaded: b.js") },
      { verdict: "infra", why: expect.stringContaining("loaded: typed") },
    ]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 60_000);
