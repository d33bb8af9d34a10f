/**
 * Snapshots and replaced files: whole or not at all, and never believed over the journal.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  readSnapshot,
  removeLeftovers,
  replaceAtomically,
  takeOver,
  writeSnapshot,
} from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { bytesOf, type Call, MemoryFiles, textOf } from "./memory-files.ts";
import { flipped, folder } from "./sample.ts";

const path = "/data/state";
const covers = { generation: 1, n: 3, bytes: 310, crc: 4_000_000_000 };

function data(): MemoryFiles {
  const files = new MemoryFiles();
  files.folders.add("/data");
  return files;
}

test("snapshot: any JSON state comes back, with what it covers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const files = data();
      const state: unknown = JSON.parse(JSON.stringify(value));
      await writeSnapshot(files, path, covers, state);
      expect(await readSnapshot(files, path)).toEqual({ state, covers });
    }),
  );
});

test("snapshot: none is undefined; the new one replaces the old one", async () => {
  const files = data();
  expect(await readSnapshot(files, path)).toBeUndefined();
  await writeSnapshot(files, path, covers, "old");
  await writeSnapshot(files, path, { ...covers, n: 4 }, "new");
  expect(await readSnapshot(files, path)).toMatchObject({ state: "new", covers: { n: 4 } });
  expect(await files.list("/data")).toEqual(["state"]);
});

test("snapshot: cut or altered at any byte it is not used, and reported", async () => {
  const files = data();
  await writeSnapshot(files, path, covers, { x: "ü\n\t" });
  const whole = files.bytes(path);
  for (let at = 0; at < whole.length; at++) {
    for (const bytes of [whole.slice(0, at), flipped(whole, at, 1), flipped(whole, at, 0x80)]) {
      files.put(path, bytes);
      expect(await readSnapshot(files, path)).toMatchObject({
        damage: { code: "snapshot-unreadable", path, range: { fromByte: 0, toByte: bytes.length } },
      });
    }
  }
});

test("snapshot: a failing disk, or something else than a file, is damage too", async () => {
  const files = data();
  await writeSnapshot(files, path, covers, {});
  files.hook = (call, each) => {
    if (call === "read") throw new IoError("EIO", each, "read");
  };
  expect(await readSnapshot(files, path)).toMatchObject({
    damage: { detail: expect.stringContaining("EIO") },
  });
});

test("snapshot: it must match the journal that it covers", async () => {
  const files = data();
  const { journal } = await takeOver(files, folder, {});
  await journal.append("a", {});
  await writeSnapshot(files, path, journal.position(), "state");
  const segment = `${folder}/00000001.journal`;
  const whole = files.bytes(segment);
  await journal.append("b", {});
  expect(await readSnapshot(files, path, folder)).toMatchObject({ state: "state" });
  for (const bytes of [whole.slice(0, -1), flipped(whole, 20, 1)]) {
    files.put(segment, bytes);
    expect(await readSnapshot(files, path, folder)).toMatchObject({
      damage: { code: "snapshot-unreadable" },
    });
    expect(await readSnapshot(files, path)).toMatchObject({ state: "state" });
  }
  await files.remove(segment);
  expect(await readSnapshot(files, path, folder)).toMatchObject({
    damage: { detail: expect.stringContaining("00000001.journal, which the journal does not have") },
  });
});

test("position: a record that was synced but not acknowledged is not covered", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  const before = journal.position();
  await takeOver(files, folder, {});
  expect(await journal.append("late", {})).toMatchObject({ ok: false });
  expect(journal.position()).toEqual(before);
});

test("replace: whatever call fails, the path holds the old bytes or the new ones, and nothing is left over", async () => {
  for (const call of ["create", "append", "sync", "rename", "sync-folder"] satisfies Call[]) {
    const files = data();
    await replaceAtomically(files, path, bytesOf("old"));
    files.hook = (each, at) => {
      if (each === call) throw new IoError("EIO", at, call);
    };
    await expect(replaceAtomically(files, path, bytesOf("new"))).rejects.toThrow("EIO");
    expect(textOf(files.bytes(path))).toBe(call === "sync-folder" ? "new" : "old");
    expect(await new MemoryFiles().list("/data")).toBeUndefined();
    expect([...files.nodes.keys()]).toEqual([path]);
    expect(textOf(files.afterPowerCut().bytes(path))).toBe("old");
  }
});

test("replace: after it the new bytes survive a power cut; before every call of it, the old ones", async () => {
  for (let stop = 0; ; stop++) {
    const files = data();
    await replaceAtomically(files, path, bytesOf("old"));
    files.calls.length = 0;
    let after: MemoryFiles | undefined;
    files.hook = () => {
      if (files.calls.length === stop + 1) after = files.afterPowerCut();
    };
    await replaceAtomically(files, path, bytesOf("new"));
    expect(textOf(files.afterPowerCut().bytes(path))).toBe("new");
    if (after === undefined) {
      expect(stop).toBe(5);
      break;
    }
    expect(textOf(after.bytes(path))).toBe("old");
  }
});

test("replace: a crashed writer's temporary file is neither used nor in the way, and can be removed", async () => {
  const files = data();
  files.put(`${path}.tmp-0-1`, bytesOf("half"));
  files.put(`${path}.tmp-g1-1`, bytesOf("half"));
  files.put(`${path}.tmp-notes.txt`, bytesOf("somebody else's"));
  await replaceAtomically(files, path, bytesOf("new"));
  expect(textOf(files.bytes(path))).toBe("new");
  expect(textOf(files.bytes(`${path}.tmp-0-1`))).toBe("half");
  expect(await removeLeftovers(files, path)).toEqual([`${path}.tmp-0-1`, `${path}.tmp-g1-1`]);
  expect(await files.list("/data")).toEqual(["state", "state.tmp-notes.txt"]);
});
