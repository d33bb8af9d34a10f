/** Which looks may conclude that a call was not made, from the calls around it. */
import { expect, test } from "vitest";
import type { FactBody } from "../../src/model/fact.ts";
import { probeSession } from "../../src/probe/index.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { attempt, call, evidence, L, prompt, result } from "../reconcile/build.ts";
import { type Tree, treeOf } from "./disk.ts";

const shell = call("shell", "rm -f out.txt");
const write: FactBody = {
  kind: "call",
  callId: "write",
  name: "write_file",
  input: { path: "out.txt", content: "hello" },
};
const read: FactBody = { kind: "call", callId: "read", name: "read_file", input: { path: "out.txt" } };

/** What a look for the file says that is not there. */
function seen(...bodies: readonly FactBody[]): Promise<unknown> {
  return seenIn({}, ...bodies);
}

async function seenIn(tree: Tree, ...bodies: readonly FactBody[]): Promise<unknown> {
  const verdict = reconcile(evidence([attempt(1)], [L([prompt("p1"), ...bodies])]));
  const look = { ...treeOf(tree), agent: "ada", cwd: "/w/project", mayLive: () => false, bootChanged: false };
  return (await probeSession(look, verdict)).map(({ callId, saw }) => `${callId} ${saw}`);
}

test("a write whose file is not there was not made, where everything before it was over", async () => {
  expect(await seen(write)).toEqual(["write absent"]);
  expect(await seen(shell, result("shell"), write)).toEqual(["write absent"]);
  expect(await seen(read, write, result("read"))).toEqual(["write absent"]);
});

test("what ran beside it may have taken the file away again: nobody can tell", async () => {
  // Cut with both open, and with the shell's result behind the write.
  expect(await seen(shell, write)).toEqual([]);
  expect(await seen(shell, write, result("shell"))).toEqual([]);
  expect(await seen(write, shell)).toEqual([]);
});

test("an edit is seen only where the session says what the file held before", async () => {
  const file = (content: string) => ({ files: { "/w/project/out.txt": content } });
  const edit = (callId: string, old_string: string, new_string: string): FactBody => ({
    kind: "call",
    callId,
    name: "edit_file",
    input: { path: "out.txt", old_string, new_string },
  });
  const written = [write, result("write")];
  const first = edit("first", "hello", "good day");
  const last = edit("last", "day", "night");
  const [before, after] = [file("good day"), file("good night")];
  expect(await seenIn(before, first)).toEqual([]);
  expect(await seenIn(before, ...written, first)).toEqual(["first present"]);
  expect(await seenIn(file("hello"), ...written, first)).toEqual(["first absent"]);
  expect(await seenIn(after, ...written, first, result("first"), last)).toEqual(["last present"]);
  expect(await seenIn(before, ...written, first, result("first"), last)).toEqual(["last absent"]);
  // A shell may have done anything, and nobody knows where a folder was deleted and what came into it then.
  expect(await seenIn(after, ...written, first, result("first"), shell, result("shell"), last)).toEqual([]);
  const gone: FactBody = { kind: "call", callId: "gone", name: "delete_file", input: { path: "a" } };
  const deep = (body: FactBody): FactBody =>
    body.kind === "call" ? { ...body, input: { ...(body.input as object), path: "a/out.txt" } } : body;
  const inFolder = { folders: ["/w/project/a"], files: { "/w/project/a/out.txt": "good day" } };
  expect(await seenIn(inFolder, deep(write), result("write"), deep(first))).toEqual(["first present"]);
  expect(await seenIn(inFolder, deep(write), result("write"), gone, result("gone"), deep(first))).toEqual([]);
});
