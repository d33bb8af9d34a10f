/**
 * Files of the real machine.
 *
 * Always: what we create is readable by its owner alone; sync is fdatasync for files and fsync for folders;
 * opening never blocks on a FIFO that somebody put where a file should be. What is there, and what it looks like, is
 * asked for at once: see descriptor.ts.
 * Never: no path is interpreted; callers hand in absolute ones that they made themselves.
 */
import { isUtf8 } from "node:buffer";
import { spawn } from "node:child_process";
import { type BigIntStats, constants, open as openCallback, readdirSync, statSync, watch } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { getBuiltinModule } from "node:process";
import { promisify } from "node:util";
import {
  type AppendFile,
  type FileStat,
  type Files,
  IoError,
  type ReadFile,
  type Watch,
} from "../model/ports.ts";
import { atOnce, Descriptor } from "./descriptor.ts";
import { asIoError, errorCode, io } from "./io.ts";

/** Nobody here ever takes another user's place. */
const ourUid = process.getuid?.();
const ownerOnly = 0o600;
const ownerOnlyFolder = 0o700;
/** What is allowed to the group and to everybody. */
const othersMode = 0o077n;
const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** The file system of this machine. */
export function hostFiles(): Files {
  return {
    createExclusive,
    openRead,
    makeFolder: (path) =>
      io(path, "mkdir", () => mkdir(path, { mode: ownerOnlyFolder }).then(() => true), ["EEXIST"], false),
    makeFifos,
    list: (path) =>
      io(path, "readdir", async () => (await readdir(path)).sort(), ["ENOENT", "ENOTDIR"], undefined),
    listInAnyOrder: (path) => io(path, "readdir", () => readdir(path), ["ENOENT", "ENOTDIR"], undefined),
    decode,
    listNow,
    stat: (path) => atOnce(() => statNow(path)),
    statNow,
    isLink: (path) =>
      io(path, "lstat", async () => (await lstat(path)).isSymbolicLink(), ["ENOENT", "ENOTDIR"], false),
    rename: (from, to) => io(from, "rename", () => rename(from, to)),
    link: (from, to) => io(to, "link", () => link(from, to).then(() => true), ["EEXIST"], false),
    remove: (path) => io(path, "remove", () => remove(path), ["ENOENT", "ENOTDIR"], false),
    syncFolder,
    watchFolder,
  };
}

/** Half the time of a TextDecoder that refuses what is no UTF-8. A byte order mark stays, as it is a character of the file. */
function decode(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function listNow(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path).sort();
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(thrown) ?? "")) return undefined;
    throw asIoError(thrown, path, "readdir");
  }
}

function statNow(path: string): FileStat | undefined {
  try {
    return statOf(path);
  } catch (thrown) {
    if (errorCode(thrown) === "ENOTDIR") return undefined;
    throw asIoError(thrown, path, "stat");
  }
}

/** A new name is written by the file system, which may wait for its own journal. */
const openBeside = promisify(openCallback) as (path: string, flags: number, mode: number) => Promise<number>;

async function createExclusive(path: string): Promise<AppendFile | undefined> {
  const flags = O_CREAT | O_EXCL | O_APPEND | O_WRONLY;
  const fd = await io(path, "create", () => openBeside(path, flags, ownerOnly), ["EEXIST"], undefined);
  if (fd === undefined) return undefined;
  const file = new Descriptor(fd);
  return {
    path,
    append: (bytes) => io(path, "write", () => file.append(bytes)),
    sync: () => io(path, "fdatasync", () => file.sync()),
    syncLater: () => io(path, "fdatasync", () => file.syncLater()),
    close: () => io(path, "close", () => file.close()),
  };
}

async function openRead(path: string): Promise<ReadFile | undefined> {
  const file = await io(
    path,
    "open",
    () => atOnce(() => Descriptor.open(path, O_RDONLY | O_NONBLOCK)),
    ["ENOENT", "ENOTDIR", "ENXIO"],
    undefined,
  );
  if (file === undefined) return undefined;
  const stats = await io(path, "stat", async () => file.stats());
  if (!stats.isFile()) {
    await file.close();
    return undefined;
  }
  const stamp = stampOf(stats);
  return {
    path,
    stamp,
    ours: isOurs(stats),
    ownerOnly: (stats.mode & othersMode) === 0n,
    size: () => io(path, "stat", () => atOnce(() => Number(file.stats().size))),
    read: (fromByte, toByte, room) => io(path, "read", () => readRange(file, fromByte, toByte, room)),
    crc32: (fromByte, toByte) => io(path, "read", () => crcOf(file, fromByte, toByte)),
    readNow: (fromByte, toByte) => readNow(file, path, fromByte, toByte),
    sync: () => io(path, "fdatasync", () => file.sync()),
    beginSync: () => beginSync(file, path),
    renew: (fromByte) => io(path, "write", () => renew(path, file, stamp, fromByte)),
    close: () => io(path, "close", () => file.close()),
  };
}

/** By a descriptor of its own: one whose sync failed says nothing any more. */
async function renew(
  path: string,
  known: Descriptor,
  opened: string,
  fromByte: number,
): Promise<string | undefined> {
  const file = await atOnce(() => Descriptor.open(path, O_RDWR | O_NONBLOCK));
  try {
    const [now, then] = [file.stats(), known.stats()];
    if (now.ino !== then.ino || now.dev !== then.dev) throw new IoError("ESTALE", path, "open");
    const toByte = Number(now.size);
    const piece = Buffer.allocUnsafe(Math.max(0, Math.min(pieceBytes, toByte - fromByte)));
    for (let at = fromByte; at < toByte; ) {
      const count = await file.read(piece.subarray(0, toByte - at), at);
      if (count === 0) break;
      await file.write(piece.subarray(0, count), at);
      at += count;
    }
    await file.sync();
    return stampOf(now) === opened ? stampOf(file.stats()) : undefined;
  } finally {
    await file.close();
  }
}

function readNow(file: Descriptor, path: string, fromByte: number, toByte: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(Math.max(0, toByte - fromByte));
  try {
    return bytes.subarray(0, file.readNow(bytes, fromByte));
  } catch (thrown) {
    throw asIoError(thrown, path, "read");
  }
}

function beginSync(file: Descriptor, path: string) {
  try {
    const toByte = file.sizeNow();
    return { toByte, synced: io(path, "fdatasync", () => file.sync()) };
  } catch (thrown) {
    throw asIoError(thrown, path, "stat");
  }
}

const pieceBytes = 1024 * 1024;

/** Loaded when the first sum is due: a server that only starts does not need it. */
const nativeCrc32 = (bytes: Uint8Array, sum: number) => getBuiltinModule("node:zlib").crc32(bytes, sum);

async function crcOf(file: Descriptor, fromByte: number, toByte: number) {
  const piece = Buffer.allocUnsafe(Math.max(0, Math.min(pieceBytes, toByte - fromByte)));
  let crc = 0;
  let at = fromByte;
  while (at < toByte) {
    const count = await file.read(piece.subarray(0, Math.min(piece.length, toByte - at)), at);
    if (count === 0) break;
    crc = nativeCrc32(piece.subarray(0, count), crc);
    at += count;
  }
  return { crc, toByte: at };
}

async function readRange(
  file: Descriptor,
  fromByte: number,
  toByte: number,
  room?: Uint8Array,
): Promise<Uint8Array> {
  const length = Math.max(0, toByte - fromByte);
  const bytes =
    room !== undefined && room.length >= length ? room.subarray(0, length) : new Uint8Array(length);
  return bytes.subarray(0, await file.read(bytes, fromByte));
}

/** Node has no mkfifo; the tool is in POSIX, and costs a process: so all that are needed at once. */
function makeFifos(paths: readonly string[]): Promise<void> {
  const path = paths.join(", ");
  return new Promise((resolve, reject) => {
    const child = spawn("mkfifo", ["-m", "600", ...paths], {
      stdio: "ignore",
      env: { PATH: "/usr/bin:/bin" },
    });
    child.once("error", (error) => reject(new IoError(errorCode(error) ?? "EIO", path, "mkfifo")));
    child.once("close", (code) => (code === 0 ? resolve() : reject(new IoError("EIO", path, "mkfifo"))));
  });
}

function statOf(path: string): FileStat | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : stats.isFIFO() ? "fifo" : "other";
  return {
    kind,
    sizeBytes: Number(stats.size),
    ours: isOurs(stats),
    stamp: stampOf(stats),
  };
}

function isOurs({ uid }: BigIntStats): boolean {
  return Number(uid) === ourUid;
}

function stampOf({ dev, ino, ctimeNs }: BigIntStats): string {
  return `${dev}.${ino}.${ctimeNs}`;
}

async function remove(path: string): Promise<boolean> {
  try {
    await rm(path);
  } catch (thrown) {
    const isFolder = errorCode(thrown) === "ERR_FS_EISDIR" || errorCode(thrown) === "EISDIR";
    if (!isFolder) throw thrown;
    await rmdir(path);
  }
  return true;
}

async function syncFolder(path: string): Promise<void> {
  const handle = await io(path, "open", () => open(path, O_RDONLY));
  try {
    await io(path, "fsync", () => handle.sync());
  } finally {
    await handle.close();
  }
}

/** A watch that breaks calls back once more, so that its owner looks and finds out why. */
function watchFolder(path: string, onChange: (name: string | undefined) => void): Watch {
  try {
    const watcher = watch(path, { persistent: false }, (_, name) => onChange(name ?? undefined));
    watcher.on("error", () => onChange(undefined));
    return { close: () => watcher.close() };
  } catch (thrown) {
    throw asIoError(thrown, path, "watch");
  }
}
