import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Hunters } from "../../harness/strength/hunters.ts";
import { measure } from "../../harness/strength/measure.ts";
import { strengthPage } from "../../harness/strength/page.ts";
import { summaryOf } from "../../harness/strength/summary.ts";
import { bugs } from "../bugs/index.ts";

let dir = "";
const hunters = new Hunters(1);
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-strength-"));
});
afterAll(async () => {
  hunters.close();
  await rm(dir, { recursive: true, force: true });
});

const runsMax = 12;

it("a bug is found by its promise where the sound build is green on the same runs, and both stand on the page", async () => {
  const chosen = bugs.filter(({ id }) => id === "dangling-call-reads-done");
  const measured = await measure(hunters, { bugs: chosen, seeds: [1], choosers: ["ours"], runsMax, dir });
  expect(measured.failed).toEqual([]);
  expect(measured.sound).toMatchObject([{ runs: runsMax, alarms: [], doubtful: 0 }]);
  const summary = summaryOf(measured, runsMax);
  expect(summary.bugs).toMatchObject([{ reached: 1, triggered: 1, detected: 1, byExpected: 1, of: 1 }]);
  const page = strengthPage(measured, summary, {
    command: "pnpm chaos strength",
    date: "2026-01-01",
    commit: "abc",
    machine: "2 cores",
    seeds: 1,
    runsMax,
    against: { seeds: 1, runsMax },
  });
  expect(page).toMatch(/\| `dangling-call-reads-done` \| A call .* \| 1 \| 1 \| 1 of 1 \| 1 \| \d+ \[/);
  expect(page).toContain(`| no false alarm | yes | 0 in ${runsMax} runs`);
  expect(page).toContain("| every bug is found by every seed | yes | 1 of 1");
  expect(page).toContain("| 5 times fewer runs than with a uniformly random moment | not measured |");
});

it("a patch that does not fit is told as not measured, not as missed", async () => {
  const [bug] = bugs;
  if (bug === undefined) throw new Error("no bugs");
  const broken = { ...bug, patches: [{ file: "src/journal/writer.ts", find: "no such text", replace: "" }] };
  const measured = await measure(hunters, {
    bugs: [broken],
    seeds: [1],
    choosers: ["ours"],
    runsMax: 1,
    dir,
  });
  expect(measured.rows).toEqual([]);
  expect(measured.failed).toMatchObject([{ id: bug.id }]);
});

it("a server that ends whenever it is started again is found, not waited for without end", async () => {
  const [any] = bugs;
  if (any === undefined) throw new Error("no bugs");
  const patch = {
    file: "src/session/life.ts",
    find: "  await makeHome(world.files, config.home);\n",
    replace: `  if ((await world.files.stat(\`\${config.home}/journal\`)) !== undefined) throw new Error("planted");
  await makeHome(world.files, config.home);
`,
  };
  const ending = { ...any, id: "ends-at-every-restart", patches: [patch] };
  const measured = await measure(hunters, { bugs: [ending], seeds: [1], choosers: ["ours"], runsMax, dir });
  expect(measured.rows[0]?.hunts).toMatchObject([
    { caught: { signatures: ["settles/server-ended-by-itself/settled"] } },
  ]);
}, 20_000);
