/**
 * How the calls of Node's internal file functions read as operations.
 *
 * Part of the preload. Always: one entry a function that can change something on a disk; what a call says is told in
 * full before it happens, and can be carried out in part, synchronously, by the public functions.
 * Not able to: know functions that a later Node may add; those are reported by name as unknown.
 */
import fs from "node:fs";
import { absolute, fileBehind } from "./descriptors.ts";
import type { Operation } from "./operation.ts";

export type Share = "nothing" | "half" | "all";

/** An operation before it has its number. */
export interface Asked extends Omit<Operation, "n"> {
  /** What a write carries. */
  readonly content?: Uint8Array;
  carryOut(share: Share): void;
}

type Arguments = readonly unknown[];
type Decoder = (args: Arguments) => Asked | undefined;

const { O_CREAT, O_TRUNC, O_WRONLY } = fs.constants;

/** Name of the internal function → the operation that a call of it is; undefined when it changes no file. */
export const decoders: Readonly<Record<string, Decoder>> = {
  open: decodeOpen,
  openFileHandle: decodeOpen,
  writeBuffer: ([fd, buffer, offset, length, position]) => {
    const whole = bytesOf(buffer);
    const from = typeof offset === "number" ? offset : 0;
    const content = whole.subarray(from, typeof length === "number" ? from + length : whole.length);
    return write(fd, content, position);
  },
  writeBuffers: ([fd, buffers, position]) =>
    write(fd, Buffer.concat((buffers as unknown[]).map((buffer) => bytesOf(buffer))), position),
  writeString: ([fd, text, position, encoding]) => write(fd, bytesOf(text, encoding), position),
  writeFileUtf8: decodeWriteFile,
  copyFile: ([from, to, how]) => ({
    op: "copyFile",
    path: absolute(from),
    to: absolute(to),
    carryOut: (share) => {
      if (share === "all") fs.copyFileSync(absolute(from), absolute(to), how as number | undefined);
      else fs.writeFileSync(absolute(to), partOf(fs.readFileSync(absolute(from)), share));
    },
  }),
  ftruncate: ([fd, length]) => {
    const bytes = typeof length === "number" ? length : 0;
    return onDescriptor("truncate", fd, (own) => fs.ftruncateSync(own, bytes), { bytes });
  },
  fsync: ([fd]) => onDescriptor("sync", fd, fs.fsyncSync),
  fdatasync: ([fd]) => onDescriptor("sync", fd, fs.fdatasyncSync),
  rename: ([from, to]) => betweenPaths("rename", from, to, fs.renameSync),
  link: ([from, to]) => betweenPaths("link", from, to, fs.linkSync),
  symlink: ([target, file]) =>
    onPath("symlink", file, (own) => fs.symlinkSync(String(target), own), { to: String(target) }),
  unlink: ([file]) => onPath("unlink", file, fs.unlinkSync),
  rmdir: ([file]) => onPath("rmdir", file, (own) => fs.rmdirSync(own)),
  rmSync: ([file, , recursive]) =>
    onPath("unlink", file, (own) => fs.rmSync(own, { recursive: recursive === true, force: true })),
  mkdir: ([file, mode, recursive]) =>
    onPath("mkdir", file, (own) =>
      fs.mkdirSync(own, { mode: mode as number, recursive: recursive === true }),
    ),
  mkdtemp: ([prefix]) => onPath("mkdir", prefix, (own) => fs.mkdtempSync(own)),
  chmod: ([file, mode]) => onPath("meta", file, (own) => fs.chmodSync(own, mode as number)),
  fchmod: ([fd, mode]) => onDescriptor("meta", fd, (own) => fs.fchmodSync(own, mode as number)),
  utimes: ([file, ...times]) => onPath("meta", file, (own) => fs.utimesSync(own, ...timesOf(times))),
  lutimes: ([file, ...times]) => onPath("meta", file, (own) => fs.lutimesSync(own, ...timesOf(times))),
  futimes: ([fd, ...times]) => onDescriptor("meta", fd, (own) => fs.futimesSync(own, ...timesOf(times))),
  chown: ([file, ...owner]) => onPath("meta", file, (own) => fs.chownSync(own, ...ownerOf(owner))),
  lchown: ([file, ...owner]) => onPath("meta", file, (own) => fs.lchownSync(own, ...ownerOf(owner))),
  fchown: ([fd, ...owner]) => onDescriptor("meta", fd, (own) => fs.fchownSync(own, ...ownerOf(owner))),
};

/** Functions that change nothing on a disk, whatever they are given. */
export const harmless =
  /^(access|close|exists|existsSync|read\w*|realpath|[lf]?stat|statfs|internal\w+|legacy\w+|get\w+|is\w+|StatWatcher|FSReqCallback|FileHandle|cpSyncCheckPaths)$/;

/** The start of a process by the given native call. */
export function decodeSpawn([options]: Arguments, call: () => unknown): Asked {
  const file = typeof options === "object" && options !== null ? Reflect.get(options, "file") : undefined;
  return { op: "spawn", path: String(file), carryOut: () => void call() };
}

function decodeOpen([file, flags, mode]: Arguments): Asked | undefined {
  if (typeof flags !== "number" || (flags & (O_CREAT | O_TRUNC)) === 0) return undefined;
  return onPath("open", file, (own) => fs.openSync(own, flags, mode as number | undefined), { flags });
}

function decodeWriteFile([file, text, flag, mode]: Arguments): Asked | undefined {
  const content = bytesOf(text, "utf8");
  if (typeof file === "number") return write(file, content, null);
  const flags = typeof flag === "number" ? flag : O_WRONLY | O_CREAT | O_TRUNC;
  return {
    op: "writeFile",
    path: absolute(file),
    flags,
    bytes: content.length,
    content,
    carryOut: (share) => {
      const fd = fs.openSync(absolute(file), flags, mode as number | undefined);
      fs.writeSync(fd, partOf(content, share));
    },
  };
}

function write(fd: unknown, content: Uint8Array, position: unknown): Asked | undefined {
  const file = fileBehind(fd);
  if (file === undefined) return undefined;
  const at = typeof position === "number" || typeof position === "bigint" ? Number(position) : null;
  return {
    op: "write",
    ...file,
    bytes: content.length,
    at,
    content,
    carryOut: (share) => {
      const part = partOf(content, share);
      if (part.length > 0) fs.writeSync(fd as number, part, 0, part.length, at);
    },
  };
}

function onPath(
  op: Operation["op"],
  file: unknown,
  work: (path: string) => unknown,
  more: Partial<Operation> = {},
): Asked {
  const own = absolute(file);
  return { op, path: own, ...more, carryOut: () => void work(own) };
}

function betweenPaths(
  op: Operation["op"],
  from: unknown,
  to: unknown,
  work: (from: string, to: string) => void,
): Asked {
  const [source, target] = [absolute(from), absolute(to)];
  return { op, path: source, to: target, carryOut: () => work(source, target) };
}

function onDescriptor(
  op: Operation["op"],
  fd: unknown,
  work: (fd: number) => void,
  more: Partial<Operation> = {},
): Asked | undefined {
  const file = fileBehind(fd);
  return file === undefined
    ? undefined
    : { op, path: file.path, ...more, carryOut: () => work(fd as number) };
}

function partOf(content: Uint8Array, share: Share): Uint8Array {
  if (share === "all") return content;
  return content.subarray(0, share === "half" ? Math.ceil(content.length / 2) : 0);
}

function bytesOf(value: unknown, encoding: unknown = "utf8"): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const name = typeof encoding === "string" && Buffer.isEncoding(encoding) ? encoding : "utf8";
  return Buffer.from(String(value), name);
}

function timesOf([accessed, modified]: Arguments): [number, number] {
  return [Number(accessed), Number(modified)];
}

function ownerOf([user, group]: Arguments): [number, number] {
  return [Number(user), Number(group)];
}
