/**
 * The home outlives a power cut, whoever made the folders above it.
 */
import { expect, it } from "vitest";
import { Disk } from "../../harness/memory/disk.ts";
import { FolderNode } from "../../harness/memory/nodes.ts";
import { statesAfterPowerCut } from "../../harness/memory/power.ts";
import { Random } from "../../harness/memory/random.ts";
import { type Files, IoError } from "../../src/model/ports.ts";
import { makeHome } from "../../src/session/home.ts";

/** Folders on a disk that can lose its power; `synced` names what was synced, in order. */
function onDisk(closed: readonly string[] = []) {
  const disk = new Disk(() => undefined);
  disk.prepare("/srv");
  const synced: string[] = [];
  const refuse = () => {
    throw new Error("not for a home");
  };
  const folders: Pick<Files, "stat" | "makeFolder" | "syncFolder"> = {
    stat: async (path) => disk.at(path) && { kind: "folder", sizeBytes: 0, ours: true },
    makeFolder: async (path) => disk.add(path, new FolderNode()) === "added",
    syncFolder: async (path) => {
      const node = disk.at(path);
      if (!(node instanceof FolderNode)) throw new Error(`${path} is no folder`);
      if (closed.includes(path)) throw new IoError("EACCES", path, "open");
      synced.push(path);
      disk.syncFolder(node);
    },
  };
  const files = new Proxy(folders as Files, { get: (on, name) => Reflect.get(on, name) ?? refuse });
  const mayLose = (path: string) =>
    statesAfterPowerCut(disk, "posix", new Random(1), 100).states.some(
      ({ root }) =>
        path
          .slice(1)
          .split("/")
          .reduce<unknown>(
            (at, name) => (at instanceof FolderNode ? at.entries.get(name) : undefined),
            root,
          ) === undefined,
    );
  return { disk, files, synced, mayLose };
}

it("is durable with all folders above it that it made", async () => {
  const { files, mayLose } = onDisk();
  await makeHome(files, "/srv/data/hold");
  expect(mayLose("/srv/data/hold")).toBe(false);
});

it("is durable below a folder that the host has made and not synced", async () => {
  const { disk, files, mayLose } = onDisk();
  disk.add("/srv/data", new FolderNode());
  expect(mayLose("/srv/data")).toBe(true);
  await makeHome(files, "/srv/data/hold");
  expect(mayLose("/srv/data/hold")).toBe(false);
});

it("needs no sync of a folder that is not for us to read, unless we made something in it", async () => {
  const { files, synced } = onDisk(["/"]);
  await makeHome(files, "/srv/data");
  expect(synced).toEqual(["/srv"]);
  const closed = onDisk(["/srv"]);
  await expect(makeHome(closed.files, "/srv/data")).rejects.toMatchObject({ code: "EACCES" });
});

it("syncs nothing where a journal shows that all was done", async () => {
  const { disk, files, synced } = onDisk();
  await makeHome(files, "/srv/data");
  disk.add("/srv/data/journal", new FolderNode());
  synced.length = 0;
  await makeHome(files, "/srv/data");
  expect(synced).toEqual([]);
});

it.each(["data", "/srv/data/"])("is refused as %s", async (path) => {
  await expect(makeHome(onDisk().files, path)).rejects.toMatchObject({ code: "bad-argument" });
});
