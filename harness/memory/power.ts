/**
 * What a power cut may leave of a disk: every legal state, by disk model.
 *
 * - `kill`: no power cut at all; everything written stays.
 * - `posix`: an entry that is new, renamed or removed needs its folder's sync; of a file's data since its last sync
 *   any subset of 4 KiB pages may be there, and the size may be extended over pages that are not (zeros).
 * - `ext4`: as ordered data is commonly promised: entries come in the order in which they were changed, any sync
 *   brings all changes of entries before it, and a file holds what it held after some write, never zeros.
 * - `torn`: everything is there but the end of the write that was made last.
 *
 * Always: what was synced is in every state. States are told apart by their content alone. Where there are more
 * than `statesMax`, the extremes are kept, the rest is drawn by seed, and `complete` is false.
 */
import type { Disk, EntryChange } from "./disk.ts";
import { hashOfBytes } from "./hash.ts";
import type { FileNode, FolderNode } from "./nodes.ts";
import { type Kept, type PowerState, stateOf } from "./power-state.ts";
import type { Random } from "./random.ts";

export const powerModels = ["posix", "ext4", "torn"] as const;
export type PowerModel = (typeof powerModels)[number];
export type DiskModel = PowerModel | "kill";

export interface PowerStates {
  readonly states: readonly PowerState[];
  readonly complete: boolean;
}

const pageBytes = 4096;
/** More dirty pages than this are not taken in all subsets, but each alone missing and each alone there. */
const pagesMax = 4;

/** One thing that may have come out in several ways. */
interface Choice {
  readonly options: number;
}
export interface FileChoice extends Choice {
  readonly file: FileNode;
  readonly contents: readonly Uint8Array[];
}
export interface EntryChoice extends Choice {
  /** Option n: the first `sure` + n of them are on the disk. */
  readonly changes: readonly EntryChange[];
  readonly sure: number;
}

/** Everything that is open when the power fails; each may come out by itself. */
export interface Choices {
  readonly entries: readonly EntryChoice[];
  readonly files: readonly FileChoice[];
  /** False: of some file more subsets of pages are legal than are told. */
  readonly complete: boolean;
}

/** What is open if the power failed now. */
export function choicesOf(disk: Disk, model: PowerModel): Choices {
  const files = fileChoices(disk, model);
  const isMuch = ({ file }: FileChoice) => dirtyPages(file.synced, file.content).length > pagesMax;
  const complete = model !== "posix" || !files.some(isMuch);
  return { entries: entryChoices(disk, model), files, complete };
}

/** The state in which each of the choices came out in the given way; the entries' first. */
export function stateOfPicks(disk: Disk, { entries, files }: Choices, picks: readonly number[]): PowerState {
  return stateOf(disk, keptBy(entries, files, picks));
}

/** Every legal state of the disk if the power failed now. */
export function statesAfterPowerCut(
  disk: Disk,
  model: PowerModel,
  random: Random,
  statesMax: number,
): PowerStates {
  const open = choicesOf(disk, model);
  const { files, entries } = open;
  const choices: readonly Choice[] = [...entries, ...files];
  const { picks, complete } = picksOf(choices, random, statesMax);
  const states = new Map<number, PowerState>();
  for (const pick of picks) {
    const state = stateOf(disk, keptBy(entries, files, pick));
    if (!states.has(state.hash)) states.set(state.hash, state);
  }
  return { states: [...states.values()], complete: complete && open.complete };
}

function fileChoices(disk: Disk, model: PowerModel): FileChoice[] {
  const torn = model === "torn" ? disk.lastWrite : undefined;
  const choices: FileChoice[] = [];
  for (const file of disk.dirtyFiles()) {
    const contents =
      model === "posix"
        ? posixContents(file)
        : model === "ext4"
          ? [file.synced, ...file.versions]
          : torn?.file === file
            ? tornContents(torn.before, torn.after)
            : [file.content];
    choices.push({ file, contents: distinct(contents), options: distinct(contents).length });
  }
  return choices;
}

function distinct(contents: readonly Uint8Array[]): Uint8Array[] {
  const seen = new Map<number, Uint8Array>();
  for (const content of contents) {
    const hash = hashOfBytes(content);
    if (!seen.has(hash)) seen.set(hash, content);
  }
  return [...seen.values()];
}

/** Old content, what it held after each write, and the newest with any of its dirty pages missing. */
function posixContents(file: FileNode): Uint8Array[] {
  const { synced, versions, content } = file;
  const newest = versions.at(-1);
  if (newest === undefined) return [synced];
  const dirty = dirtyPages(synced, content);
  const contents = [synced, ...versions];
  for (const there of subsetsOf(dirty)) {
    const mixed = mix(synced, newest, there);
    contents.push(mixed);
    // The size is written by itself: it may be the old one although pages behind it were written.
    if (mixed.length > synced.length && synced.length > 0) contents.push(mixed.subarray(0, synced.length));
  }
  return contents;
}

function dirtyPages(before: Uint8Array, after: Uint8Array): number[] {
  const pages: number[] = [];
  for (let page = 0; page * pageBytes < after.length; page += 1) {
    const from = page * pageBytes;
    const to = Math.min(after.length, from + pageBytes);
    const same =
      to <= before.length && Buffer.compare(before.subarray(from, to), after.subarray(from, to)) === 0;
    if (!same) pages.push(page);
  }
  return pages;
}

function subsetsOf(pages: readonly number[]): ReadonlySet<number>[] {
  if (pages.length <= pagesMax) {
    return Array.from(
      { length: 2 ** pages.length },
      (_, bits) => new Set(pages.filter((_page, at) => (bits >> at) & 1)),
    );
  }
  return [
    new Set<number>(),
    new Set(pages),
    ...pages.flatMap((page) => [new Set([page]), new Set(pages.filter((other) => other !== page))]),
  ];
}

/** The newest size, the newest bytes in the given pages, the old ones (zeros behind their end) elsewhere. */
function mix(before: Uint8Array, after: Uint8Array, there: ReadonlySet<number>): Uint8Array {
  const mixed = new Uint8Array(after.length);
  mixed.set(before.subarray(0, Math.min(before.length, after.length)));
  for (const page of there) {
    const from = page * pageBytes;
    mixed.set(after.subarray(from, Math.min(after.length, from + pageBytes)), from);
  }
  return mixed;
}

function tornContents(before: Uint8Array, after: Uint8Array): Uint8Array[] {
  const from = after.length > before.length ? before.length : 0;
  const length = after.length - from;
  const cuts = [0, 1, Math.floor(length / 2), length - 1, length];
  const pages = Array.from(
    { length: Math.floor(after.length / pageBytes) },
    (_, page) => (page + 1) * pageBytes,
  );
  const ends = [...cuts.map((cut) => from + cut), ...pages.filter((end) => end > from)];
  return ends.filter((end) => end >= from && end <= after.length).map((end) => after.subarray(0, end));
}

/** Names that changes have in common must come in order; others are free (posix). One order for all (ext4). */
function entryChoices(disk: Disk, model: PowerModel): EntryChoice[] {
  const { changes } = disk;
  if (changes.length === 0) return [];
  if (model === "torn") return [{ changes, sure: changes.length, options: 1 }];
  if (model === "ext4") {
    const sure = changes.filter(({ order }) => order <= disk.committedOrder).length;
    return [{ changes, sure, options: changes.length - sure + 1 }];
  }
  const groups: { folder: FolderNode; names: Set<string>; changes: EntryChange[] }[] = [];
  for (const change of changes) {
    const names = change.sets.map(([name]) => name);
    const touched = groups.filter(
      (group) => group.folder === change.folder && names.some((name) => group.names.has(name)),
    );
    const joined = {
      folder: change.folder,
      names: new Set([...touched.flatMap((group) => [...group.names]), ...names]),
      changes: [...touched.flatMap((group) => group.changes), change],
    };
    for (const group of touched) groups.splice(groups.indexOf(group), 1);
    groups.push(joined);
  }
  return groups.map((group) => {
    const ordered = group.changes.sort((left, right) => left.order - right.order);
    return { changes: ordered, sure: 0, options: ordered.length + 1 };
  });
}

function picksOf(
  choices: readonly Choice[],
  random: Random,
  statesMax: number,
): { picks: number[][]; complete: boolean } {
  const total = choices.reduce((product, { options }) => Math.min(product * options, 1e9), 1);
  const last = choices.map(({ options }) => options - 1);
  if (total <= statesMax) {
    let picks: number[][] = [[]];
    for (const { options } of choices) {
      picks = picks.flatMap((pick) => Array.from({ length: options }, (_, option) => [...pick, option]));
    }
    return { picks, complete: true };
  }
  const none = choices.map(() => 0);
  const picks = [none, last];
  for (const [at, { options }] of choices.entries()) {
    for (let option = 0; option < options; option += 1) {
      picks.push(replaced(none, at, option), replaced(last, at, option));
    }
  }
  const kept = picks.slice(0, statesMax);
  while (kept.length < statesMax) kept.push(choices.map(({ options }) => random.below(options)));
  return { picks: kept, complete: false };
}

/** What one pick leaves of what was not synced. */
function keptBy(
  entries: readonly EntryChoice[],
  files: readonly FileChoice[],
  pick: readonly number[],
): Kept {
  const applied = new Set<EntryChange>();
  const lost: string[] = [];
  for (const [at, choice] of entries.entries()) {
    const count = choice.sure + (pick[at] ?? 0);
    for (const change of choice.changes.slice(0, count)) applied.add(change);
    for (const change of choice.changes.slice(count)) lost.push(change.sets.map(([name]) => name).join("→"));
  }
  const contents = new Map<FileNode, Uint8Array>();
  for (const [at, { file, contents: options }] of files.entries()) {
    contents.set(file, options[pick[entries.length + at] ?? 0] ?? file.synced);
  }
  return { applied, contents, lost };
}

function replaced(pick: readonly number[], at: number, option: number): number[] {
  return pick.map((each, index) => (index === at ? option : each));
}
