import { expect, test } from "vitest";
import { Computer } from "../../harness/memory/computer.ts";
import { FileNode } from "../../harness/memory/nodes.ts";
import { Owner } from "../../harness/memory/scheduler.ts";

/** What a watch of `/d` was told of two new files, closed before its turn or not. */
async function told(isClosed: boolean): Promise<string[]> {
  const computer = new Computer(1, {});
  computer.disk.prepare("/d");
  const names: string[] = [];
  const watch = computer.watch(new Owner(), "/d", (name) => names.push(name));
  for (const name of ["a", "b"]) computer.disk.add(`/d/${name}`, new FileNode());
  if (isClosed) watch.close();
  const { scheduler } = computer;
  await scheduler.drive(new Promise<void>((resolve) => scheduler.after(new Owner(), 1_000, resolve)));
  return names;
}

test("a watch that is closed before its turn tells nothing any more", async () => {
  expect(await told(false)).toEqual(["a", "b"]);
  expect(await told(true)).toEqual([]);
});
