/** What is done where the sync of somebody else's file fails, or was begun before its bytes were read. */
import { expect, test } from "vitest";
import { OthersSync } from "../../src/journal/index.ts";
import { IoError, type ReadFile } from "../../src/model/ports.ts";

const failed = new IoError("EIO", "/spool", "fdatasync");

/** A file whose syncs succeed or fail as told, in order; what is asked of it is noted. */
class Spool {
  readonly asked: string[] = [];
  readonly #fates: boolean[];
  sizeBytes = 0;

  constructor(...fates: boolean[]) {
    this.#fates = fates;
  }

  get file(): ReadFile {
    return {
      path: "/spool",
      size: () => Promise.resolve(this.sizeBytes),
      read: () => Promise.resolve(new Uint8Array()),
      sync: () => this.#sync("sync"),
      close: () => Promise.resolve(),
    };
  }

  renewable(): ReadFile {
    const renew = async (fromByte: number) => void this.asked.push(`renew ${fromByte}`);
    return { ...this.file, renew };
  }

  early(): ReadFile {
    const beginSync = () => ({ toByte: this.sizeBytes, synced: this.#sync("early") });
    return { ...this.renewable(), beginSync };
  }

  #sync(what: string): Promise<void> {
    this.asked.push(what);
    return (this.#fates.shift() ?? true) ? Promise.resolve() : Promise.reject(failed);
  }
}

test("nothing is written where the sync succeeds", async () => {
  const spool = new Spool(true);
  await new OthersSync(spool.renewable()).bring(7, 9);
  expect(spool.asked).toEqual(["sync"]);
});

test("where it fails the bytes are written anew, from the first that may be lost, and it is not asked again", async () => {
  const spool = new Spool(false);
  await new OthersSync(spool.renewable()).bring(7, 9);
  expect(spool.asked).toEqual(["sync", "renew 7"]);
});

test("where that fails as well, or cannot be done, it is told", async () => {
  const full = new IoError("ENOSPC", "/spool", "write");
  const file = { ...new Spool(false).file, renew: () => Promise.reject(full) };
  await expect(new OthersSync(file).bring(0, 9)).rejects.toBe(full);
  await expect(new OthersSync(new Spool(false).file).bring(0, 9)).rejects.toBe(failed);
});

test("a sync begun early is enough for what was there then", async () => {
  const spool = new Spool();
  const sync = new OthersSync(spool.early());
  spool.sizeBytes = 9;
  sync.beginEarly();
  await sync.bring(7, 9);
  expect(spool.asked).toEqual(["early"]);
  await sync.bring(9, 12);
  expect(spool.asked).toEqual(["early", "sync"]);
});

test("what was written after it began is synced by another one", async () => {
  const spool = new Spool();
  const sync = new OthersSync(spool.early());
  spool.sizeBytes = 9;
  sync.beginEarly();
  await sync.bring(7, 10);
  expect(spool.asked).toEqual(["early", "sync"]);
});

test("one that was begun before the file was cut is not enough for what stands there now", async () => {
  const spool = new Spool();
  const sync = new OthersSync(spool.early());
  spool.sizeBytes = 90;
  sync.beginEarly();
  sync.wasCut();
  await sync.bring(7, 9);
  expect(spool.asked).toEqual(["early", "sync"]);
});

test("one that was begun early and failed is not made up for by a later sync that succeeds", async () => {
  const spool = new Spool(false, true, true);
  const sync = new OthersSync(spool.early());
  spool.sizeBytes = 8;
  sync.beginEarly();
  await Promise.resolve();
  // Half a line was there then: nobody has asked for it yet.
  spool.sizeBytes = 9;
  sync.beginEarly();
  await sync.bring(7, 9);
  expect(spool.asked).toEqual(["early", "sync", "renew 7"]);
});

test("one that is under way is not begun twice, one that was made makes room for the next", async () => {
  const spool = new Spool();
  const sync = new OthersSync(spool.early());
  spool.sizeBytes = 8;
  sync.beginEarly();
  sync.beginEarly();
  expect(spool.asked).toEqual(["early"]);
  await new Promise((resolve) => setImmediate(resolve));
  spool.sizeBytes = 9;
  sync.beginEarly();
  await sync.bring(7, 9);
  expect(spool.asked).toEqual(["early", "early"]);
});

test("where one cannot be begun early, the one that is due tells", async () => {
  const spool = new Spool(false);
  const file = {
    ...spool.file,
    beginSync: () => {
      throw failed;
    },
  };
  const sync = new OthersSync(file);
  sync.beginEarly();
  await expect(sync.bring(0, 9)).rejects.toBe(failed);
});
