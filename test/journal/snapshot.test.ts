/**
 * Snapshots and replaced files: whole or not at all, and never believed over the journal.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  crc32,
  readSnapshot,
  removeLeftovers,
  replaceAtomically,
  takeOver,
  writeSnapshot,
} from "../../src/journal/index.ts";
import { snapshotBytesMax } from "../../src/journal/snapshot.ts";
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

test("snapshot: its own checksum does not save what has another form", async () => {
  const files = data();
  const line = (head: string, body: string) =>
    bytesOf(`${head}\t${crc32(bytesOf(body)).toString(16).padStart(8, "0")}\t${body}`);
  const good = `${JSON.stringify(covers)}\t{"x":1}\n`;
  files.put(path, line("s1", good));
  expect(await readSnapshot(files, path)).toEqual({ state: { x: 1 }, covers });
  const others = [
    line("s2", good),
    line("xs1", good),
    line("s1", "{}\t{}\n"),
    line("s1", `${JSON.stringify({ ...covers, bytes: -1 })}\t{}\n`),
    line("s1", JSON.stringify(covers)),
    line("s1", `${JSON.stringify(covers)}\t{`),
    bytesOf("s1\t"),
    bytesOf(""),
  ];
  for (const bytes of others) {
    files.put(path, bytes);
    expect(await readSnapshot(files, path)).toMatchObject({
      damage: { code: "snapshot-unreadable", path, range: { fromByte: 0, toByte: bytes.length } },
    });
  }
  expect(files.opened).toBe(0);
});

test("snapshot: what is no regular file, or too long, is not read; a defect is not taken for damage", async () => {
  const files = data();
  await writeSnapshot(files, path, covers, "state");
  const unread = { damage: { code: "snapshot-unreadable", path, range: { fromByte: 0, toByte: 0 } } };
  files.odd.add(path);
  expect(await readSnapshot(files, path)).toMatchObject(unread);
  files.odd.clear();
  const open = files.openRead.bind(files);
  const sized = (size: number) => async (each: string) => {
    const file = await open(each);
    return file && { ...file, size: async () => size };
  };
  files.openRead = sized(snapshotBytesMax + 1);
  expect(await readSnapshot(files, path)).toMatchObject(unread);
  files.openRead = sized(snapshotBytesMax);
  expect(await readSnapshot(files, path)).toMatchObject({ state: "state" });
  files.openRead = open;
  files.hook = (call) => {
    if (call === "read") throw new TypeError("a defect");
  };
  await expect(readSnapshot(files, path)).rejects.toThrow("a defect");
  expect(files.opened).toBe(0);
});

test("snapshot: how much of the segment is left is said, and nothing stays open", async () => {
  const files = data();
  const { journal } = await takeOver(files, folder, {});
  await journal.append("a", {});
  const position = journal.position();
  await writeSnapshot(files, path, position, "state");
  files.put(`${folder}/00000001.journal`, files.bytes(`${folder}/00000001.journal`).slice(0, 40));
  const read = await readSnapshot(files, path, folder);
  expect(read && "damage" in read && read.damage.detail).toContain(
    `covers ${position.bytes} bytes of 00000001.journal, which has only 40`,
  );
  expect(files.opened).toBe(0);
});

test("snapshot: each life has temporary files of its own", async () => {
  const files = data();
  await writeSnapshot(files, path, { ...covers, generation: 7 }, {});
  expect(files.calls.find((call) => call.startsWith("create"))).toBe(`create ${path}.tmp-g7-1`);
});

test("replace: a writer that says no name has one; after a thousand leftovers it gives up", async () => {
  const files = data();
  await replaceAtomically(files, path, bytesOf("x"));
  expect(files.calls[0]).toBe(`create ${path}.tmp-0-1`);
  for (let number = 1; number < 1000; number++) files.put(`${path}.tmp-0-${number}`, bytesOf("half"));
  await replaceAtomically(files, path, bytesOf("y"));
  files.put(`${path}.tmp-0-1000`, bytesOf("half"));
  await expect(replaceAtomically(files, path, bytesOf("z"))).rejects.toMatchObject({
    code: "EEXIST",
    path: `${path}.tmp-0-1000`,
  });
  expect(textOf(files.bytes(path))).toBe("y");
});

test("replace: leftovers are known by their whole name, and a folder that is not there has none", async () => {
  const files = data();
  const names = [
    "state.tmp-0-12",
    "state.tmp-0-1x",
    "state.tmp-a b-1",
    "state.tmp-x.y-3",
    "other.tmp-0-1",
    "state",
  ];
  for (const name of names) files.put(`/data/${name}`, bytesOf("?"));
  expect(await removeLeftovers(files, path)).toEqual(["/data/state.tmp-0-12"]);
  expect(await removeLeftovers(files, "/nowhere/state")).toEqual([]);
});
