/**
 * Records that were computed from what is on the disk: acknowledged when they are written and that is there; their own
 * sync follows.
 */
import { expect, test } from "vitest";
import { type Journal, readJournal, takeOver } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { MemoryFiles } from "./memory-files.ts";
import { folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/0000000${generation}.journal`;

/** A promise, and what settles it. */
function later() {
  let resolve = () => {};
  let reject = (_: Error) => {};
  const promise = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

async function opened(): Promise<{ files: MemoryFiles; journal: Journal }> {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  files.calls.length = 0;
  return { files, journal };
}

/** Everything that waits for nothing has happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

const ops = (files: MemoryFiles) => files.calls.map((call) => call.replace(/ \/.*/, ""));

const types = async (files: MemoryFiles) =>
  (await readJournal(files, folder)).records.map(({ type }) => type);

/** The next syncs of the first segment wait until they are told to end, or to fail. */
function heldSyncs(files: MemoryFiles) {
  const held: ReturnType<typeof later>[] = [];
  files.hook = (call, path) => {
    if (call !== "sync" || path !== segment(1)) return;
    const one = later();
    held.push(one);
    return one.promise;
  };
  return held;
}

const failedSync = () => new IoError("EIO", segment(1), "sync");

test("source: the order is write, source, look for a newer generation, answer; then its own sync", async () => {
  const { files, journal } = await opened();
  const source = later();
  const answer = journal.append("cover", {}, source.promise).then((one) => {
    files.calls.push("answer");
    return one;
  });
  await settled();
  expect(ops(files)).toEqual(["append"]);
  files.calls.push("source");
  source.resolve();
  expect(await answer).toMatchObject({ ok: true, generation: 1, n: 2 });
  await settled();
  expect(ops(files).slice(0, 3)).toEqual(["append", "source", "list"]);
  expect(ops(files).slice(3).toSorted()).toEqual(["answer", "list", "sync"]);
  expect(journal.position().n).toBe(2);
});

test("source: neither another record's sync nor its own is waited for", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  const durable = journal.append("a", {});
  await settled();
  expect(await journal.append("cover", {}, Promise.resolve())).toMatchObject({ ok: true, n: 3 });
  expect(await journal.append("cover", {}, Promise.resolve())).toMatchObject({ ok: true, n: 4 });
  expect(held.length).toBe(1);
  held[0]?.resolve();
  expect(await durable).toMatchObject({ ok: true, n: 2 });
  await settled();
  // Both share the next one.
  expect(held.length).toBe(2);
  held[1]?.resolve();
  await settled();
  expect(held.length).toBe(2);
  expect(await types(files.afterPowerCut())).toEqual(["life", "a", "cover", "cover"]);
});

test("source: what is recorded behind it and synced brings it to the disk", async () => {
  const { files, journal } = await opened();
  void journal.append("cover", {}, later().promise);
  await settled();
  expect(await types(files.afterPowerCut())).toEqual(["life"]);
  await journal.append("a", {});
  expect(await types(files.afterPowerCut())).toEqual(["life", "cover", "a"]);
});

test("source: one that fails is told, and its record is not acknowledged", async () => {
  const { files, journal } = await opened();
  const source = later();
  const answer = journal.append("cover", {}, source.promise);
  source.reject(new IoError("EIO", "/spool", "fdatasync"));
  await expect(answer).rejects.toThrow("/spool");
  expect(await journal.append("a", {})).toMatchObject({ ok: true, n: 3 });
  expect(await types(files)).toEqual(["life", "cover", "a"]);
});

test("source: a newer generation that came before it was there refuses the record, and ends the journal", async () => {
  const { files, journal } = await opened();
  const source = later();
  const answer = journal.append("cover", {}, source.promise);
  await settled();
  await takeOver(files, folder, {});
  source.resolve();
  expect(await answer).toMatchObject({ ok: false, why: "fenced" });
  expect(await journal.over).toEqual(await answer);
});

test("source: what was acknowledged for it stands in the new segment when its own sync fails", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  expect(await journal.append("first", {}, Promise.resolve())).toMatchObject({ ok: true, generation: 1 });
  await settled();
  // Written while that sync is under way; of one the source is there, of the other not yet.
  expect(await journal.append("second", {}, Promise.resolve())).toMatchObject({ ok: true, n: 3 });
  const source = later();
  const third = journal.append("third", {}, source.promise);
  const durable = journal.append("durable", {});
  await settled();
  held[0]?.reject(failedSync());
  expect(await durable).toMatchObject({ ok: true, generation: 2, n: 5, path: segment(2) });
  source.resolve();
  expect(await third).toMatchObject({ ok: true, generation: 2, n: 4, path: segment(2) });
  for (const world of [files, files.afterPowerCut()])
    expect(await types(world)).toEqual(["life", "continued", "first", "second", "third", "durable"]);
  expect(journal.state).toBe("open");
});

test("source: when nobody waits and the journal cannot go on, it says so by itself", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  expect(await journal.append("cover", {}, Promise.resolve())).toMatchObject({ ok: true });
  await settled();
  const before = files.hook;
  files.hook = (call, path) => {
    if (call === "create") throw new IoError("ENOSPC", path, call);
    return before(call, path);
  };
  held[0]?.reject(failedSync());
  expect(await journal.over).toMatchObject({ why: "failed", detail: expect.stringMatching(/EIO.*ENOSPC/s) });
  expect(await journal.append("a", {})).toEqual(await journal.over);
});

test("source: the segment that a failed sync makes is not taken for another server's", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  await journal.append("cover", {}, Promise.resolve());
  await settled();
  const before = files.hook;
  const made = later();
  files.hook = (call, path) => (call === "sync-folder" ? made.promise : before(call, path));
  held[0]?.reject(failedSync());
  await settled();
  expect(files.nodes.has(segment(2))).toBe(true);
  const looked = journal.checkFence();
  await settled();
  made.resolve();
  expect(await looked).toBeUndefined();
  expect(await journal.append("a", {})).toMatchObject({ ok: true, generation: 2 });
});

test("source: an append that fails while a sync is under way leaves nothing out", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  const first = journal.append("first", {});
  await settled();
  const before = files.hook;
  files.hook = (call, path) => {
    if (call === "append" && path === segment(1)) throw new IoError("ENOSPC", path, call);
    return before(call, path);
  };
  const cover = journal.append("cover", {}, Promise.resolve());
  await settled();
  held[0]?.resolve();
  expect(await first).toMatchObject({ ok: true, generation: 1, n: 2 });
  expect(await cover).toMatchObject({ ok: true, generation: 2, n: 2 });
  expect(await types(files.afterPowerCut())).toEqual(["life", "first", "continued", "cover"]);
});

test("source: its own sync lets others have their turn, where the machine can; that of a record that is waited for does not", async () => {
  const files = new MemoryFiles();
  const create = files.createExclusive.bind(files);
  files.createExclusive = async (path) => {
    const file = await create(path);
    const syncLater = async () => {
      files.calls.push("later");
      await file?.sync();
    };
    return file && { ...file, syncLater };
  };
  const { journal } = await takeOver(files, folder, {});
  files.calls.length = 0;
  await journal.append("cover", {}, Promise.resolve());
  await settled();
  expect(ops(files)).toEqual(["append", "list", "later", "sync", "list"]);
  files.calls.length = 0;
  await journal.append("a", {});
  expect(ops(files)).toEqual(["append", "sync", "list"]);
});

test("close: what was acknowledged for its source is brought to the disk first", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  await journal.append("first", {}, Promise.resolve());
  await settled();
  await journal.append("second", {}, Promise.resolve());
  const closing = journal.close();
  await settled();
  held[0]?.resolve();
  await settled();
  held[1]?.resolve();
  await closing;
  expect(await types(files.afterPowerCut())).toEqual(["life", "first", "second"]);
  expect(files.writing).toBe(0);
});

test("close: a sync that is under way is waited for", async () => {
  const { files, journal } = await opened();
  const held = heldSyncs(files);
  await journal.append("cover", {}, Promise.resolve());
  await settled();
  let isClosed = false;
  const closing = journal.close().then(() => {
    isClosed = true;
  });
  await settled();
  expect([held.length, isClosed]).toEqual([1, false]);
  held[0]?.resolve();
  await closing;
});

test("close: what waits for its source is on the disk all the same", async () => {
  const { files, journal } = await opened();
  void journal.append("cover", {}, later().promise);
  await settled();
  expect(ops(files)).toEqual(["append"]);
  await journal.close();
  expect(ops(files)).toContain("sync");
});

test("source: a record that waits for its own sync gets it where those written with it do not", async () => {
  const { files, journal } = await opened();
  void journal.append("cover", {}, later().promise);
  void journal.append("cover", {}, later().promise);
  const durable = journal.append("a", {});
  await settled();
  expect(ops(files)).toContain("sync");
  expect(await durable).toMatchObject({ ok: true, n: 4 });
});
