import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LookRequest, placeIn, planProbe, probe, toolOf } from "../../src/probe/index.ts";
import { type Tree, treeOf } from "./disk.ts";

const cwd = "/w/project";

function look(
  agent: string,
  name: string,
  input: unknown,
  tree: Tree,
  rest: Partial<Omit<LookRequest, "call">> = {},
) {
  const call = { id: "c1", attempt: 1, name, input };
  return probe({ ...treeOf(tree), agent, cwd }, { call, isLast: true, provisional: false, ...rest });
}

const write = { file_path: "/w/project/a/out.txt", content: "hello\n" };

describe("a whole file written", () => {
  test.each([
    ["present", { files: { "/w/project/a/out.txt": "hello\n" } }],
    ["absent", { folders: ["/w/project/a"] }],
    ["absent", {}],
    ["partly", { files: { "/w/project/a/out.txt": "hel" } }],
    // An empty file may have been there before, and another content may be anybody's.
    ["cannot-tell", { files: { "/w/project/a/out.txt": "" } }],
    ["cannot-tell", { files: { "/w/project/a/out.txt": "hello!\n" } }],
    ["cannot-tell", { folders: ["/w/project/a/out.txt"] }],
  ] as const)("%s: %j", async (saw, tree) => {
    const found = await look("claude-code", "Write", write, tree);
    expect(found.saw).toBe(saw);
    expect(found).toMatchObject({ callId: "c1", attempt: 1, provisional: false });
    expect(found.cite).toMatchObject({ source: "W", path: "/w/project/a/out.txt" });
  });

  test("cites size and hash of what was seen", async () => {
    const { cite } = await look("claude-code", "Write", write, {
      files: { "/w/project/a/out.txt": "hello\n" },
    });
    expect(cite.value).toContain(
      "6 bytes, SHA-256 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    );
  });

  test("the content of the call before is told from something else", async () => {
    const tree = { files: { "/w/project/a/out.txt": "old" } };
    expect((await look("claude-code", "Write", write, tree)).saw).toBe("cannot-tell");
    expect((await look("claude-code", "Write", write, tree, { contentBefore: "old" })).saw).toBe("absent");
    expect((await look("claude-code", "Write", write, tree, { contentBefore: "older" })).saw).toBe(
      "cannot-tell",
    );
  });

  test("is not said to be absent, or there in part, when something came after it", async () => {
    expect((await look("claude-code", "Write", write, {}, { isLast: false })).saw).toBe("cannot-tell");
    const half = { files: { "/w/project/a/out.txt": "hel" } };
    expect((await look("claude-code", "Write", write, half, { isLast: false })).saw).toBe("cannot-tell");
    const whole = { files: { "/w/project/a/out.txt": "hello\n" } };
    expect((await look("claude-code", "Write", write, whole, { isLast: false })).saw).toBe("present");
  });

  test("is provisional while a tool child may live", async () => {
    expect((await look("pi", "write", write, {}, { provisional: true })).provisional).toBe(true);
  });
});

test.each([
  ["present", { folders: ["/w/project/new"] }],
  ["absent", {}],
  ["cannot-tell", { files: { "/w/project/new": "a file" } }],
] as const)("a folder made: %s", async (saw, tree) => {
  expect((await look("ada", "mkdir", { path: "new" }, tree)).saw).toBe(saw);
});

test.each([
  ["present", {}],
  ["absent", { files: { "/w/project/x": "" } }],
] as const)("a file deleted: %s", async (saw, tree) => {
  expect((await look("ada", "delete_file", { path: "x" }, tree)).saw).toBe(saw);
});

describe("an edit", () => {
  const input = { filePath: "x", oldString: "two", newString: "TWO" };
  test.each([
    ["absent", "one two three", undefined],
    ["cannot-tell", "one two TWO", undefined],
    ["cannot-tell", "nothing of it", undefined],
    // The new text may have stood there before, and a person or a shell may have taken the old one away.
    ["cannot-tell", "one TWO three", undefined],
    ["cannot-tell", "one, and TWO elsewhere", "one two, and TWO elsewhere"],
    ["cannot-tell", "one TWO three", "nothing of it"],
    ["present", "one TWO three", "one two three"],
    ["present", "one TWO three four", "one two three"],
    ["present", "TWO and TWO", "two and TWO"],
    ["absent", "two and TWO", "two and TWO"],
    ["cannot-tell", "TWO and two", "two and TWO"],
  ] as const)("%s: %j where it was %j", async (saw, text, contentBefore) => {
    const tree = { files: { "/w/project/x": text } };
    const rest = contentBefore === undefined ? {} : { contentBefore };
    expect((await look("opencode", "edit", input, tree, rest)).saw).toBe(saw);
  });
});

test("an edit whose texts hold one another cannot be told", async () => {
  const input = { file_path: "x", old_string: "a", new_string: "ab" };
  expect((await look("gemini-cli", "replace", input, { files: { "/w/project/x": "ab" } })).saw).toBe(
    "cannot-tell",
  );
});

test("shells and tools that nobody knows are opaque, whatever they say", () => {
  const input = { command: "true", path: "x", content: "y" };
  for (const [agent, name] of [
    ["ada", "run_command"],
    ["claude-code", "Bash"],
    ["codex", "exec_command"],
    ["codex", "apply_patch"],
    ["opencode", "bash"],
    ["gemini-cli", "run_shell_command"],
    ["pi", "bash"],
    ["ada", "constructor"],
    ["__proto__", "toString"],
  ] as const) {
    expect(toolOf(agent, name)).toBeUndefined();
    expect(planProbe(agent, { id: "c", name, input }, cwd).kind).toBe("none");
  }
});

test("a link is not followed, neither at the path nor on the way", async () => {
  const outside = { files: { "/etc/secret": "hello\n", "/w/project/a/out.txt": "hello\n" } };
  for (const link of ["/w/project/a", "/w/project/a/out.txt"]) {
    const found = await look("claude-code", "Write", write, { ...outside, links: [link] });
    expect([found.saw, found.cite.value]).toEqual([
      "cannot-tell",
      "a link stands in the way; links are not followed",
    ]);
  }
});

test("a file without permission is an answer", async () => {
  const tree = treeOf({ files: { "/w/project/x": "y" } });
  const names = {
    kindOf: async () =>
      Promise.reject(new (await import("../../src/model/ports.ts")).IoError("EACCES", "x", "lstat")),
  };
  const call = { id: "c", name: "write", input: { path: "x", content: "y" } };
  const found = await probe({ ...tree, names, agent: "pi", cwd }, { call, isLast: true, provisional: false });
  expect([found.saw, found.cite.value]).toEqual(["cannot-tell", "looking failed with EACCES"]);
});

test("no path leads out of the folder", () => {
  for (const path of [
    "../x",
    "a/../../x",
    "/w/projects/x",
    "/w/project/../x",
    "/etc/passwd",
    "",
    "~/x",
    ".",
    "/",
    "a\0b",
  ])
    expect(placeIn(cwd, path)).toBeUndefined();
  expect(placeIn(cwd, "a/./b/../c")).toEqual({ path: "/w/project/a/c", names: ["a", "c"] });
  const part = fc.constantFrom("..", ".", "a", "", "/", "w", "project");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const place = placeIn(cwd, parts.join("/"));
      if (place !== undefined) {
        expect(place.path.startsWith(`${cwd}/`)).toBe(true);
        expect(place.path.split("/")).not.toContain("..");
      }
    }),
    { numRuns: 500 },
  );
});
