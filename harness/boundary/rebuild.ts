/**
 * From what a process was traced to do to the disk that a power cut would find: which bytes and names are sure to be
 * there, and which are not.
 *
 * The models of what may be left are those of the simulation (memory/power.ts); this only feeds them.
 * Always: an operation counts when it is known to have succeeded; a sync only then brings anything.
 * Not able to: tell what other processes wrote. Their files, and files that this process only wrote into, are no part of
 * the disk that is rebuilt: they stay as they are found, which is one of their legal states. Nor to follow what is renamed
 * into another folder, or a folder with what is in it: that is said, and nothing is cut.
 */
import { constants } from "node:fs";
import path from "node:path";
import { Disk } from "../memory/disk.ts";
import { FileNode, FolderNode } from "../memory/nodes.ts";
import type { Traced } from "./trace.ts";

/**
 * @param folders that are there before the first operation, durably; absolute.
 * @param left what a power cut before the first operation had left.
 */
export function rebuildDisk(
  operations: readonly Traced[],
  folders: readonly string[],
  left?: FolderNode,
): Disk {
  const disk = new Disk(() => undefined);
  if (left !== undefined) disk.restore(left);
  for (const folder of folders) disk.prepare(folder);
  for (const operation of operations)
    if (operation.ended !== undefined && operation.ended.error === undefined) apply(disk, operation);
  return disk;
}

function apply(disk: Disk, operation: Traced): void {
  const { op, path: file, to = "", flags = 0, bytes = 0 } = operation;
  if (op === "open" || op === "writeFile") opened(disk, file, flags);
  if (op === "write" || op === "writeFile") written(disk, operation);
  if (op === "truncate") changed(disk, file, (content) => resized(content, bytes));
  if (op === "mkdir") makeFolders(disk, file);
  if (op === "rename") renamed(disk, file, to);
  if (op === "link") linked(disk, file, to);
  if (op === "unlink" || op === "rmdir") disk.remove(file);
  if (op !== "sync") return;
  const node = disk.at(file);
  if (node instanceof FileNode) disk.syncFile(node);
  if (node instanceof FolderNode) disk.syncFolder(node);
}

/** @throws Error where the disk that is rebuilt would be another than the real one: a loss would be invented. */
function renamed(disk: Disk, file: string, to: string): void {
  const node = disk.at(file);
  const isFull = node instanceof FolderNode && node.entries.size > 0;
  if (node !== undefined && (isFull || path.dirname(file) !== path.dirname(to)))
    throw new Error(
      `What a power cut leaves is not known here: the server renamed ${file} to ${to}, and only files that stay in their folder can be followed.`,
    );
  disk.rename(file, to);
}

/** Both names are of one file, and each is durable with its folder. */
function linked(disk: Disk, file: string, to: string): void {
  const node = disk.at(file);
  if (node instanceof FileNode) disk.add(to, node);
}

function opened(disk: Disk, file: string, flags: number): void {
  if (disk.at(file) === undefined && (flags & constants.O_CREAT) !== 0) disk.add(file, new FileNode());
  else if ((flags & constants.O_TRUNC) !== 0) changed(disk, file, () => new Uint8Array());
}

function written(disk: Disk, { path: file, at, data = "", flags = 0 }: Traced): void {
  const bytes = Buffer.from(data, "base64");
  const appends = (flags & constants.O_APPEND) !== 0;
  changed(disk, file, (content) => {
    // Without a position a descriptor goes on where its last write ended, which here is the end of the file.
    const from = at === null || at === undefined || appends ? content.length : at;
    const whole = resized(content, Math.max(content.length, from + bytes.length));
    whole.set(bytes, from);
    return whole;
  });
}

function changed(disk: Disk, file: string, work: (content: Uint8Array) => Uint8Array): void {
  const node = disk.at(file);
  if (node instanceof FileNode) disk.replace(file, node, work(node.content));
}

function resized(content: Uint8Array, length: number): Uint8Array {
  const other = new Uint8Array(length);
  other.set(content.subarray(0, Math.min(length, content.length)));
  return other;
}

function makeFolders(disk: Disk, folder: string): void {
  if (disk.at(folder) !== undefined || folder === "/") return;
  makeFolders(disk, path.dirname(folder));
  disk.add(folder, new FolderNode());
}
