/** Which looks may conclude that a call was not made, from the calls around it. */
import { expect, test } from "vitest";
import type { FactBody } from "../../src/model/fact.ts";
import { probeSession } from "../../src/probe/index.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { attempt, call, evidence, L, prompt, result } from "../reconcile/build.ts";
import { treeOf } from "./disk.ts";

const shell = call("shell", "rm -f out.txt");
const write: FactBody = {
  kind: "call",
  callId: "write",
  name: "write_file",
  input: { path: "out.txt", content: "hello" },
};
const read: FactBody = { kind: "call", callId: "read", name: "read_file", input: { path: "out.txt" } };

/** What a look for the file says that is not there. */
async function seen(...bodies: readonly FactBody[]): Promise<unknown> {
  const verdict = reconcile(evidence([attempt(1)], [L([prompt("p1"), ...bodies])]));
  const look = { ...treeOf({}), agent: "ada", cwd: "/w/project", mayLive: () => false, bootChanged: false };
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
