import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleOnce } from "../../harness/launch/bundle.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-bundle-"));
});
afterEach(() => rm(dir, { recursive: true }));

test("an unchanged entry is built once, a changed one anew beside it, a removed bundle again", async () => {
  const part = path.join(dir, "part.ts");
  const entry = path.join(dir, "entry.ts");
  await writeFile(part, "export const word: string = 'one';");
  await writeFile(entry, "import { word } from './part.ts'; console.log(word);");
  const bundle = async () => (await bundleOnce({ entry }, path.join(dir, "out"))).entry;
  const run = (file: string) => execFileSync(process.execPath, [file], { encoding: "utf8", env: {} });

  const one = await bundle();
  expect(run(one)).toBe("one\n");
  const { mtimeMs } = await stat(one);
  expect(await bundle()).toBe(one);
  expect((await stat(one)).mtimeMs).toBe(mtimeMs);

  await writeFile(part, "export const word: string = 'two';");
  const [two, same] = await Promise.all([bundle(), bundle()]);
  expect(run(two)).toBe("two\n");
  expect(same).toBe(two);
  expect(run(one)).toBe("one\n");

  await rm(two);
  expect(run(await bundle())).toBe("two\n");

  await writeFile(entry, "import './missing.ts';");
  await expect(bundle()).rejects.toThrow("./missing.ts");
  await writeFile(entry, "console.log('three')");
  expect(run(await bundle())).toBe("three\n");
});

test("a bundle with CommonJS packages in it runs", async () => {
  await writeFile(path.join(dir, "old.cjs"), "module.exports = require('node:path').sep;");
  const entry = path.join(dir, "entry.ts");
  await writeFile(entry, "import sep from './old.cjs'; console.log(sep);");
  const { entry: file } = await bundleOnce({ entry }, dir);
  expect(execFileSync(process.execPath, [file], { encoding: "utf8", env: {} })).toBe(`${path.sep}\n`);
});

test("the fake agent's bundle holds no schema library and stays small", async () => {
  const main = path.resolve(import.meta.dirname, "../../harness/agent/main.ts");
  const { ada } = await bundleOnce({ ada: main }, dir);
  const text = await readFile(ada.replace(/cjs$/, "text"), "utf8");
  expect(text).not.toContain("zod");
  expect(text.length).toBeLessThan(64 * 1024);
});
