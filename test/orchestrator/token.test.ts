/**
 * The token file: one token for all who start at once, and none that others may know.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hostFiles } from "../../src/host/files.ts";
import { hostIds } from "../../src/host/ids.ts";
import type { Files, World } from "../../src/model/ports.ts";
import { IoError } from "../../src/model/ports.ts";
import { readOrMakeToken } from "../../src/orchestrator/token.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-token-"));
  path = join(folder, "token");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const worldOf = (files: Files) => ({ files, ids: hostIds() }) as World;
const make = (files: Files = hostFiles()) => readOrMakeToken(worldOf(files), path);
const secret = "0123456789abcdef";

it("is made once, for its owner alone, and nothing else is left", async () => {
  const token = await make();
  expect(await make()).toBe(token);
  expect(readFileSync(path, "utf8")).toBe(`${token}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["token"]);
});

it("is the one in the file for each of many servers that start at once", async () => {
  const tokens = await Promise.all(Array.from({ length: 20 }, () => make()));
  expect(new Set(tokens)).toEqual(new Set([readFileSync(path, "utf8").trim()]));
  expect(readdirSync(folder)).toEqual(["token"]);
});

it("is that of the server that was faster, however late this one comes to put its own there", async () => {
  const files = hostFiles();
  const slow: Files = {
    ...files,
    // The other one is done, and has read what it made.
    createExclusive: async (name) => {
      if (name.includes(".tmp-")) writeFileSync(path, `${secret}\n`, { mode: 0o600 });
      return files.createExclusive(name);
    },
  };
  expect(await make(slow)).toBe(secret);
  expect(readFileSync(path, "utf8")).toBe(`${secret}\n`);
});

it("is made also where the file system knows no second names", async () => {
  const link = () => Promise.reject(new IoError("EPERM", path, "link"));
  const token = await make({ ...hostFiles(), link });
  expect(readFileSync(path, "utf8")).toBe(`${token}\n`);
  expect(readdirSync(folder)).toEqual(["token"]);
});

it.each([0o644, 0o640, 0o604, 0o620, 0o602])(
  "is refused with mode %o, by name and with the way out",
  async (mode) => {
    writeFileSync(path, `${secret}\n`);
    chmodSync(path, mode);
    await expect(make()).rejects.toThrow(
      `The token file ${path} can be read or written by other users. Delete it to get a new one; or, if nobody has seen it, allow it to its owner alone: chmod 600 ${path}.`,
    );
    chmodSync(path, 0o600);
    expect(await make()).toBe(secret);
  },
);

it("is not another user's", async () => {
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  const files = hostFiles();
  const openRead: Files["openRead"] = async (name) => {
    const file = await files.openRead(name);
    return file === undefined ? undefined : { ...file, ours: false };
  };
  await expect(make({ ...files, openRead })).rejects.toThrow("belongs to another user");
});

it("is neither a link, whether it leads anywhere or not, nor a FIFO, nor a folder", async () => {
  const elsewhere = join(folder, "elsewhere");
  symlinkSync(elsewhere, path);
  await expect(make()).rejects.toThrow(`The token file ${path} is a link.`);
  writeFileSync(elsewhere, `${secret}\n`, { mode: 0o600 });
  await expect(make()).rejects.toThrow("is a link");
  rmSync(path);
  execFileSync("mkfifo", ["-m", "600", path]);
  await expect(make()).rejects.toThrow("is no regular file");
  rmSync(path);
  mkdirSync(path);
  await expect(make()).rejects.toThrow("is no regular file");
  expect(readdirSync(folder)).toEqual(["elsewhere", "token"]);
});

it("is at an absolute path", async () => {
  await expect(readOrMakeToken(worldOf(hostFiles()), "token")).rejects.toThrow(
    '"token" must be an absolute path',
  );
});

it("is not the beginning of a longer file", async () => {
  writeFileSync(path, `${"x".repeat(300)}\n`, { mode: 0o600 });
  await expect(make()).rejects.toThrow("does not hold a token");
});
