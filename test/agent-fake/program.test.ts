/** Programs are started with V8's code for them, which is why a start is cheap: a code that V8 refuses fails here. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeProgram, programFiles } from "../../harness/launch/program.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-program-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** Does V8, in a Node as programs are started in, take the code of a text for its own? */
const isTaken = (text: string, code: string): boolean => {
  const ask = `const { readFileSync } = require("node:fs");
    const { Script } = require("node:vm");
    const [text, code] = process.argv.slice(1).map((file) => readFileSync(file));
    console.log(new Script(text.toString("latin1"), { cachedData: code }).cachedDataRejected);`;
  return execFileSync(process.execPath, ["-e", ask, text, code], { encoding: "utf8", env: {} }) === "false\n";
};

test("V8 takes the code that was made of a program, and no other", async () => {
  const entry = path.join(dir, "entry.ts");
  await writeFile(
    entry,
    `const late = (): string => "Grüße…".replace(/…|😀/u, ""); setImmediate(() => console.log(late(), process.argv.slice(2).join()));`,
  );
  const program = await makeProgram(entry);
  for (const [end, content] of programFiles(program)) await writeFile(path.join(dir, `it${end}`), content);
  const file = (end: string) => path.join(dir, `it${end}`);
  expect(isTaken(file(".text"), file(".code"))).toBe(true);
  const run = () => execFileSync(process.execPath, [file(".cjs"), "a", "b"], { encoding: "utf8", env: {} });
  expect(run()).toBe("Grüße a,b\n");

  // A code of another text, or a broken one: refused, and the program runs all the same.
  await writeFile(file(".text"), program.text.replace("late", "later"));
  expect(isTaken(file(".text"), file(".code"))).toBe(false);
  await writeFile(file(".text"), program.text);
  await writeFile(file(".code"), program.code.subarray(0, program.code.length / 2));
  expect(isTaken(file(".text"), file(".code"))).toBe(false);
  expect(run()).toBe("Grüße a,b\n");
});

const at = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

test.each(["src/orchestrator/main.ts", "harness/agent/main.ts"])(
  "V8 takes the code of %s, which loads no module that a start does not need",
  async (entry) => {
    const program = await makeProgram(at(entry));
    for (const [end, content] of programFiles(program)) await writeFile(path.join(dir, `it${end}`), content);
    expect(isTaken(path.join(dir, "it.text"), path.join(dir, "it.code"))).toBe(true);
    const loaded = [...program.text.matchAll(/require\("(node:[^"]+)"\)/g)].map(([, name]) => name);
    expect(loaded).toContain("node:fs");
    // Each costs a start milliseconds, as measured.
    for (const costly of ["node:crypto", "node:zlib", "node:https", "node:stream/promises"])
      expect(loaded).not.toContain(costly);
  },
);
