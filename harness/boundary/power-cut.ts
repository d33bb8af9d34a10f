/**
 * A power cut on real processes: everything is ended, and the folder of the run is put into a state that the disk
 * could legally be in.
 *
 * Always: states are those of the named model, of what the server itself wrote; what other processes wrote stays, also
 * in a file that the server made.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { CrashLoss } from "../execute/recovery.ts";
import type { Disk } from "../memory/disk.ts";
import { type Contents, lossesOf } from "../memory/losses.ts";
import { FileNode, FolderNode } from "../memory/nodes.ts";
import { type PowerModel, statesAfterPowerCut } from "../memory/power.ts";
import { Random } from "../memory/random.ts";
import type { SubjectFile } from "../subject/contract.ts";
import { rebuildDisk } from "./rebuild.ts";
import type { Traced } from "./trace.ts";

/** More states of one cut than this are drawn by seed. */
const statesMax = 64;

export interface PowerCut {
  readonly model: PowerModel;
  /** Which of the legal states, modulo how many there are; 0 leaves as little as may be. */
  readonly state: number;
}

/**
 * Puts what the operations wrote into the chosen state.
 *
 * @param folders that were there before the server first ran.
 * @param leftBefore what the power cut before the first of the operations had left, where there was one.
 * @returns what files with a role lost, the loss in words, and what is left.
 */
export function cutPower(
  operations: readonly Traced[],
  folders: readonly string[],
  files: readonly SubjectFile[],
  { model, state }: PowerCut,
  leftBefore?: FolderNode,
): { readonly losses: readonly CrashLoss[]; readonly lost: string; readonly root: FolderNode } {
  const disk = rebuildDisk(operations, folders, leftBefore);
  const { states } = statesAfterPowerCut(disk, model, new Random(1), statesMax);
  const chosen = states[state % states.length];
  if (chosen === undefined) throw new Error("A power cut leaves at least one state.");
  const tracked = [...disk.paths().keys()].filter(
    (one) => one !== "" && !folders.some((folder) => isAbove(one, folder)),
  );
  const before = contentsOf(files);
  const foreign = writtenByOthers(disk);
  const left = new Map<string, FileNode | FolderNode>();
  const { root } = chosen;
  collect(root, "", left);
  // Deepest first, so that a folder goes after what is in it.
  for (const one of tracked.sort((a, b) => b.length - a.length))
    if (!left.has(one)) rmSync(one, { recursive: true, force: true });
  for (const [one, node] of [...left].sort(([a], [b]) => a.length - b.length)) {
    if (node instanceof FolderNode) mkdirSync(one, { recursive: true });
    else if (!foreign.has(one) && !isSame(one, node.content)) writeFileSync(one, node.content);
  }
  return { losses: lossesOf(before, contentsOf(files)), lost: chosen.lost, root };
}

/** Lets another disk take the place of this one: what the files with a role lost by that. */
export function exchange(
  files: readonly SubjectFile[],
  mount: () => void,
): { readonly losses: readonly CrashLoss[]; readonly lost: string } {
  const before = contentsOf(files);
  mount();
  const losses = lossesOf(before, contentsOf(files));
  const bytes = losses.reduce((sum, { fromByte, toByte }) => sum + toByte - fromByte, 0);
  return { losses, lost: `${bytes} bytes of ${losses.length} files` };
}

function collect(folder: FolderNode, at: string, left: Map<string, FileNode | FolderNode>): void {
  for (const [name, node] of folder.entries) {
    if (!(node instanceof FileNode) && !(node instanceof FolderNode)) continue;
    left.set(`${at}/${name}`, node);
    if (node instanceof FolderNode) collect(node, `${at}/${name}`, left);
  }
}

/** Files that hold something else than the server wrote: it made them, and another process writes into them. */
function writtenByOthers(disk: Disk): ReadonlySet<string> {
  const files = [...disk.paths()].filter(([one, node]) => node instanceof FileNode && existsSync(one));
  return new Set(
    files.flatMap(([one, node]) => (node instanceof FileNode && !isSame(one, node.content) ? [one] : [])),
  );
}

function isAbove(one: string, folder: string): boolean {
  return folder === one || folder.startsWith(`${one}/`);
}

function isSame(file: string, content: Uint8Array): boolean {
  return existsSync(file) && Buffer.compare(readFileSync(file), content) === 0;
}

function contentsOf(files: readonly SubjectFile[]): Contents {
  return new Map(
    files.flatMap(({ role, path: file }) =>
      existsSync(file) ? [[file, { role, content: new Uint8Array(readFileSync(file)) }] as const] : [],
    ),
  );
}
