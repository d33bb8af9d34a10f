/**
 * Carries a plan out.
 *
 * Always: what is replaced is copied first, under a name made of its content; each file is at every moment the old one
 * or the new one, whole. A repair that is killed anywhere is finished by the next one, and a finished one changes
 * nothing any more.
 * Never: a file is written that is not what was planned from, or while an agent is there; no link is followed.
 */
import { crc32, replaceAtomically } from "../journal/index.ts";
import { type AppendFile, type Files, IoError, type Names, type ReadFile } from "../model/ports.ts";
import type { RepairPlan, RepairStep } from "./plan.ts";

export interface RepairWorld {
  readonly files: Files;
  readonly names: Names;
  /** Asked before each file: a sentence when an agent of this session is there. */
  readonly whoLives: () => Promise<string | undefined>;
}

export type RepairDone =
  | { readonly ok: true; readonly written: readonly string[]; readonly kept: readonly string[] }
  /** `written` holds what was done before. */
  | {
      readonly ok: false;
      readonly why: string;
      readonly written: readonly string[];
      readonly kept: readonly string[];
    };

/** Goes into the names of temporary files. */
const owner = "repair";
const chunkBytes = 4 * 1024 * 1024;

/** @throws IoError when the disk does not let us; what was replaced until then is whole. */
export async function carryOut(world: RepairWorld, plan: RepairPlan): Promise<RepairDone> {
  const written: string[] = [];
  const kept: string[] = [];
  const stop = (why: string): RepairDone => ({ ok: false, why, written, kept });
  if (plan.refusal !== undefined) return stop(plan.refusal);
  for (const step of plan.steps) {
    // The copies of what a conversation holds must not lead elsewhere either.
    const link = (await linkOn(world.names, step.path)) ?? (await linkOn(world.names, plan.keepFolder));
    if (link !== undefined) return stop(`${link} is a link; links are not followed.`);
    const alive = await world.whoLives();
    if (alive !== undefined) return stop(alive);
    await removeOwnLeftovers(world.files, step.path);
    if (!(await isAsPlanned(world.files, step))) return stop(`${step.path} has changed since. Look again.`);
    kept.push(...(await keep(world.files, plan.keepFolder, step)));
    await write(world.files, step);
    written.push(step.path);
  }
  return { ok: true, written, kept };
}

/** The store's folder and what is in it are the agent's; nothing of it may lead elsewhere. */
async function linkOn(names: Names, path: string): Promise<string | undefined> {
  const parts = path.split("/");
  const from = parts.lastIndexOf(".coding-agent");
  for (let at = Math.max(1, from) + 1; at <= parts.length; at += 1) {
    const place = parts.slice(0, at).join("/");
    if ((await names.kindOf(place)) === "link") return place;
  }
  return undefined;
}

/** Temporary files of repairs that were killed. */
async function removeOwnLeftovers(files: Files, path: string): Promise<void> {
  const folder = folderOf(path);
  const prefix = `${path.slice(folder.length + 1)}.tmp-${owner}-`;
  for (const name of (await files.list(folder)) ?? []) {
    if (name.startsWith(prefix)) await files.remove(`${folder}/${name}`);
  }
}

async function isAsPlanned(files: Files, step: RepairStep): Promise<boolean> {
  if (step.kind === "end-line") return (await files.stat(step.path))?.sizeBytes === step.toByte;
  const file = await files.openRead(step.path);
  if (file === undefined) return step.original === undefined;
  try {
    const now = await file.read(0, await file.size());
    return (
      step.original !== undefined &&
      crc32(now) === crc32(step.original) &&
      now.length === step.original.length
    );
  } finally {
    await file.close();
  }
}

/** Copies what is about to be replaced, and the half line by itself; what is there already stays. */
async function keep(files: Files, keepFolder: string, step: RepairStep): Promise<string[]> {
  if (step.kind === "replace" && step.original === undefined) return [];
  if (await files.makeFolder(keepFolder)) await files.syncFolder(folderOf(keepFolder));
  const source = await files.openRead(step.path);
  if (source === undefined) return [];
  const name = `${keepFolder}/${step.path.slice(folderOf(step.path).length + 1)}`;
  try {
    const size = await source.size();
    const copies = [`${name}.${await sumOf(source, 0, size)}`];
    await copy(files, source, 0, size, copies[0] ?? name);
    if (step.kind === "end-line") {
      const torn = `${name}.torn-${step.fromByte}.${await sumOf(source, step.fromByte, step.toByte)}`;
      await copy(files, source, step.fromByte, step.toByte, torn);
      copies.push(torn);
    }
    return copies;
  } finally {
    await source.close();
  }
}

async function write(files: Files, step: RepairStep): Promise<void> {
  if (step.kind === "replace") {
    await makeParents(files, step.path);
    await replaceAtomically(files, step.path, step.bytes, owner);
    return;
  }
  const source = await files.openRead(step.path);
  if (source === undefined) throw new IoError("ENOENT", step.path, "open");
  try {
    const temporary = await temporaryCopy(files, source, 0, step.toByte, step.path, newline);
    await files.rename(temporary, step.path);
  } finally {
    await source.close();
  }
  await files.syncFolder(folderOf(step.path));
}

const newline = Uint8Array.of(0x0a);

/** A whole copy or none, durable. The name says the content: a copy that is there needs none. */
async function copy(
  files: Files,
  source: ReadFile,
  fromByte: number,
  toByte: number,
  path: string,
): Promise<void> {
  if ((await files.stat(path))?.sizeBytes === toByte - fromByte) return;
  await removeOwnLeftovers(files, path);
  const temporary = await temporaryCopy(files, source, fromByte, toByte, path, new Uint8Array(0));
  await files.rename(temporary, path);
  await files.syncFolder(folderOf(path));
}

/** Copies piece by piece: a log may be larger than the memory. */
async function temporaryCopy(
  files: Files,
  source: ReadFile,
  fromByte: number,
  toByte: number,
  path: string,
  last: Uint8Array,
): Promise<string> {
  const temporary = `${path}.tmp-${owner}-1`;
  const file = await files.createExclusive(temporary);
  if (file === undefined) throw new IoError("EEXIST", temporary, "create");
  try {
    await copyPieces(source, file, fromByte, toByte);
    if (last.length > 0) await file.append(last);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

async function copyPieces(
  source: ReadFile,
  file: AppendFile,
  fromByte: number,
  toByte: number,
): Promise<void> {
  for (let at = fromByte; at < toByte; ) {
    const piece = await source.read(at, Math.min(toByte, at + chunkBytes));
    if (piece.length === 0) throw new IoError("EIO", source.path, "read");
    await file.append(piece);
    at += piece.length;
  }
}

async function sumOf(source: ReadFile, fromByte: number, toByte: number): Promise<string> {
  let sum = 0;
  for (let at = fromByte; at < toByte; ) {
    const piece = await source.read(at, Math.min(toByte, at + chunkBytes));
    if (piece.length === 0) break;
    sum = crc32(piece, sum);
    at += piece.length;
  }
  return sum.toString(16).padStart(8, "0");
}

/** The store's own folders, where a snapshot never was. */
async function makeParents(files: Files, path: string): Promise<void> {
  const folder = folderOf(path);
  const store = folderOf(folder);
  if (await files.makeFolder(store)) await files.syncFolder(folderOf(store));
  if (await files.makeFolder(folder)) await files.syncFolder(store);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
