/** The template for other people's orchestrators loads from anywhere, and works against a server that it fits. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadSubject } from "../../harness/subject/load.ts";
import { writeServer } from "../../harness/subject/start.ts";
import { eventsUntil, makeRig, type Rig } from "./rig.ts";

const here = (path: string): string =>
  fileURLToPath(new URL(`../../harness/subject/${path}`, import.meta.url));

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.close());

it("is loaded from a temporary folder", async () => {
  const file = join(rig.ctx.dir, "example.ts");
  await writeFile(file, await readFile(here("example.ts")));
  expect((await loadSubject(file)).name).toBe("example");
});

it("starts, submits, shows, observes and stops", async () => {
  await writeServer(rig.ctx, here("naive/server.ts"));
  const text = await readFile(here("example.ts"), "utf8");
  const file = join(rig.ctx.dir, "mine.ts");
  await writeFile(file, text.replace("/path/to/your/server.js", join(rig.ctx.dir, "server.cjs")));
  const subject = await loadSubject(file);
  await rig.script(
    [
      { type: "run.started", sessionId: "a" },
      { type: "tool.call", id: "c1", name: "run_command", input: { command: "true" } },
      { type: "tool.result", id: "c1", name: "run_command", content: "fine", isError: false },
      { type: "run.completed" },
    ],
    false,
  );
  await subject.setup?.(rig.ctx);
  await subject.start(rig.ctx);
  const answer = await subject.submit(rig.ctx, { prompt: "please do it", key: "k" });
  if (!answer.ok) throw new Error(answer.message);
  const seen = await eventsUntil(subject, rig.ctx, answer.session, ({ type }) => type === "end");
  const { sessions } = await subject.observe(rig.ctx);
  expect(sessions).toMatchObject([
    { id: answer.session, state: "active", calls: [{ id: "c1", state: "done", result: "fine" }] },
  ]);
  expect(sessions[0]?.history).toEqual(seen);
  expect(await subject.files(rig.ctx)).toMatchObject([{ role: "log", session: answer.session }]);
  await subject.stop(rig.ctx);
});
