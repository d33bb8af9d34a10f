import { describe, expect, test } from "vitest";
import { Disk } from "../../harness/memory/disk.ts";
import { FileNode, FolderNode } from "../../harness/memory/nodes.ts";
import { type PowerModel, statesAfterPowerCut } from "../../harness/memory/power.ts";
import { Random } from "../../harness/memory/random.ts";

/** A disk with the durable folder `/d`. */
function newDisk(): Disk {
  const disk = new Disk(() => undefined);
  disk.prepare("/d");
  return disk;
}

function create(disk: Disk, path: string, ...writes: string[]): FileNode {
  const file = new FileNode();
  expect(disk.add(path, file)).toBe("added");
  for (const text of writes) disk.append(path, file, Buffer.from(text));
  return file;
}

function syncFolder(disk: Disk, path: string): void {
  const node = disk.at(path);
  if (!(node instanceof FolderNode)) throw new Error(`${path} is no folder`);
  disk.syncFolder(node);
}

/** Every legal state as "name=content …", NUL bytes as `.`, sorted. */
function states(disk: Disk, model: PowerModel): string[] {
  const legal = statesAfterPowerCut(disk, model, new Random(1), 1_000);
  expect(legal.complete).toBe(true);
  const told = legal.states.map(({ root }) => {
    const folder = root.entries.get("d");
    if (!(folder instanceof FolderNode)) return "no /d";
    return [...folder.entries]
      .map(([name, node]) =>
        node instanceof FileNode
          ? `${name}=${Buffer.from(node.content).toString().replaceAll("\0", ".")}`
          : name,
      )
      .sort()
      .join(" ");
  });
  return told.sort();
}

describe("what a power cut may leave", () => {
  test("posix: a new file needs its folder's sync, whatever was synced of it", () => {
    const disk = newDisk();
    disk.syncFile(create(disk, "/d/a", "one"));
    expect(states(disk, "posix")).toEqual(["", "a=one"]);
    syncFolder(disk, "/d");
    expect(states(disk, "posix")).toEqual(["a=one"]);
  });

  test("posix: of what was not synced any prefix by write, zeros, or nothing", () => {
    const disk = newDisk();
    const file = create(disk, "/d/a", "one");
    disk.syncFile(file);
    syncFolder(disk, "/d");
    disk.append("/d/a", file, Buffer.from("2"));
    disk.append("/d/a", file, Buffer.from("3"));
    expect(states(disk, "posix")).toEqual(["a=one", "a=one..", "a=one2", "a=one23"]);
  });

  test("posix: pages are lost one by one", () => {
    const disk = newDisk();
    const file = create(disk, "/d/a");
    disk.syncFile(file);
    syncFolder(disk, "/d");
    disk.append("/d/a", file, Buffer.from(`${"x".repeat(4096)}y`));
    const short = states(disk, "posix").map((state) => state.replace(/x+/, "X").replace(/\.{4096}/, "0"));
    expect(short).toEqual(["a=", "a=0.", "a=0y", "a=X.", "a=Xy"]);
  });

  test("posix: what was replaced before any folder sync may come back as empty as it may have been left", () => {
    const disk = newDisk();
    create(disk, "/d/a.1", "one");
    disk.rename("/d/a.1", "/d/a");
    const next = create(disk, "/d/a.2", "two");
    disk.syncFile(next);
    disk.rename("/d/a.2", "/d/a");
    expect(states(disk, "posix")).toContain("a=");
    expect(states(disk, "posix")).toContain("a=...");
  });

  test("posix: what was removed before any folder sync may come back as empty as it may have been left", () => {
    const disk = newDisk();
    create(disk, "/d/a", "one");
    disk.remove("/d/a");
    expect(states(disk, "posix")).toEqual(["", "a=", "a=...", "a=one"]);
  });

  test("posix: a rename is there or not; ext4: entries come in order, and a sync brings all before it", () => {
    const make = () => {
      const disk = newDisk();
      create(disk, "/d/a");
      syncFolder(disk, "/d");
      const next = create(disk, "/d/b", "new");
      disk.syncFile(next);
      disk.rename("/d/b", "/d/a");
      create(disk, "/d/c");
      return disk;
    };
    expect(states(make(), "posix")).toEqual(
      ["a= b=new", "a= b=new c=", "a=", "a= c=", "a=new", "a=new c="].sort(),
    );
    expect(states(make(), "ext4")).toEqual(["a= b=new", "a=new", "a=new c="]);
  });

  test("torn: only the end of the last write is missing", () => {
    const disk = newDisk();
    create(disk, "/d/a", "1");
    create(disk, "/d/b", "2345");
    expect(states(disk, "torn")).toEqual(["a=1 b=", "a=1 b=2", "a=1 b=23", "a=1 b=234", "a=1 b=2345"]);
  });

  test("a failed sync drops what it was to bring, and the next one does not bring it back", () => {
    const disk = newDisk();
    const file = create(disk, "/d/a", "one");
    disk.syncFile(file);
    syncFolder(disk, "/d");
    disk.append("/d/a", file, Buffer.from("two"));
    file.lose();
    expect(Buffer.from(file.content).toString()).toBe("onetwo");
    disk.append("/d/a", file, Buffer.from("3"));
    disk.syncFile(file);
    expect(states(disk, "posix")).toEqual(["a=one...3"]);
  });

  test("too many states are sampled, and that is said", () => {
    const disk = newDisk();
    for (let n = 0; n < 12; n += 1) create(disk, `/d/${n}`);
    const { states: some, complete } = statesAfterPowerCut(disk, "posix", new Random(1), 20);
    expect(complete).toBe(false);
    expect(some.length).toBeLessThanOrEqual(20);
  });
});
