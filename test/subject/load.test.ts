/** A subject file is judged before anything is started with it, in one sentence that says what to do. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DirectoryResult, dir } from "tmp-promise";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { loadSubject, SubjectLoadError } from "../../harness/subject/load.ts";

let folder: DirectoryResult;
beforeEach(async () => {
  folder = await dir({ unsafeCleanup: true });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await folder.cleanup();
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
}

const functions = ["start", "submit", "resume", "events", "observe", "files", "stop"];
const can = "{ resume: true, reload: [], flags: false, cursor: false, stop: true, damage: false }";
const object = (names: readonly string[], abilities = can): string =>
  `export default { name: "mine", can: ${abilities}, ${names.map((name) => `async ${name}() {}`).join(", ")} };`;

it("knows its own by name", async () => {
  expect((await loadSubject("naive")).name).toBe("naive");
  expect((await loadSubject("reference")).name).toBe("reference");
});

it.each(["mine.ts", "mine.js", "mine.mjs"])("loads %s", async (name) => {
  const path = await file(name, object(functions));
  await writeFile(join(folder.path, "package.json"), '{ "type": "module" }');
  expect((await loadSubject(path)).name).toBe("mine");
});

it("bundles what a TypeScript file imports, keeps its address, and leaves nothing behind", async () => {
  await file("helper.ts", 'export const name: string = "helped";');
  const path = await file(
    "mine.ts",
    `import type { Subject } from "holdfast/harness";
     import { name } from "./helper.ts";
     ${object(functions).replace('"mine"', "name + import.meta.url.slice(-8)")}
     export const unused: Subject | undefined = undefined;`,
  );
  vi.stubEnv("TMPDIR", folder.path);
  expect((await loadSubject(path)).name).toBe("helped/mine.ts");
  expect((await readdir(folder.path)).sort()).toEqual(["helper.ts", "mine.ts"]);
});

it("gives the object itself", async () => {
  const path = await file(
    "mine.mjs",
    `const mine = { count: 0, ${object(functions).slice(17, -2)} }; mine.self = mine; export default mine;`,
  );
  const subject = await loadSubject(path);
  expect(Reflect.get(subject, "self")).toBe(subject);
});

it.each<[string, () => Promise<string>, RegExp]>([
  ["an unknown name", async () => "nobody", /^There is no subject "nobody": give reference, .*or the path/],
  ["a name of Object", async () => "constructor", /^There is no subject "constructor"/],
  [
    "a missing file",
    async () => join(folder.path, "none.ts"),
    /^There is no subject file .*none\.ts: check the path/,
  ],
  [
    "no default export",
    () => file("a.mjs", "export const subject = {};"),
    /has no default export that is an object/,
  ],
  [
    "a function for a default",
    () => file("a.ts", "export default () => {};"),
    /has no default export that is an object/,
  ],
  [
    "a missing function",
    () => file("a.ts", object(functions.filter((name) => name !== "observe"))),
    /lacks the function "observe"/,
  ],
  [
    "no function",
    () => file("a.mjs", object(functions).replace("async stop() {}", "stop: 3")),
    /has a wrong "stop" \(is no function\)/,
  ],
  [
    "no abilities",
    () => file("a.mjs", object(functions).replace(`can: ${can},`, "")),
    /lacks the property "can"/,
  ],
  [
    "a wrong ability",
    () => file("a.mjs", object(functions, can.replace("reload: []", 'reload: ["vite"]'))),
    /has a wrong "can.reload.0"/,
  ],
  [
    "a reload without its function",
    () => file("a.mjs", object(functions, can.replace("[]", '["tsx"]'))),
    /lacks the function "reload"/,
  ],
  ["a syntax error", () => file("a.ts", "\nexport default {"), /cannot be loaded: line 2: /],
  ["a file that throws", () => file("a.mjs", 'throw new Error("no luck");'), /cannot be loaded: no luck\./],
])("says what is wrong with %s", async (_, make, sentence) => {
  const failed = await loadSubject(await make()).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(SubjectLoadError);
  expect(String(failed).replace("SubjectLoadError: ", "")).toMatch(sentence);
});
