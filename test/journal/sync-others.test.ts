/** What is done where the sync of somebody else's file fails. */
import { expect, test } from "vitest";
import { syncOthers } from "../../src/journal/index.ts";
import { IoError, type ReadFile } from "../../src/model/ports.ts";

const failed = new IoError("EIO", "/spool", "fdatasync");

function fileWith(sync: () => Promise<void>, renew?: ReadFile["renew"]): ReadFile {
  const file = {
    path: "/spool",
    size: () => Promise.resolve(0),
    read: () => Promise.resolve(new Uint8Array()),
    sync,
    close: () => Promise.resolve(),
  };
  return renew === undefined ? file : { ...file, renew };
}

test("nothing is written where the sync succeeds", async () => {
  const renewed: number[] = [];
  await syncOthers(
    fileWith(
      () => Promise.resolve(),
      async (fromByte) => void renewed.push(fromByte),
    ),
    7,
  );
  expect(renewed).toEqual([]);
});

test("where it fails the bytes are written anew, from the first that may be lost, and it is not asked again", async () => {
  const done: (string | number)[] = [];
  const sync = () => {
    done.push("sync");
    return Promise.reject(failed);
  };
  await syncOthers(
    fileWith(sync, async (fromByte) => void done.push(fromByte)),
    7,
  );
  expect(done).toEqual(["sync", 7]);
});

test("where that fails as well, or cannot be done, it is told", async () => {
  const full = new IoError("ENOSPC", "/spool", "write");
  const sync = () => Promise.reject(failed);
  await expect(
    syncOthers(
      fileWith(sync, () => Promise.reject(full)),
      0,
    ),
  ).rejects.toBe(full);
  await expect(syncOthers(fileWith(sync), 0)).rejects.toBe(failed);
});
