/**
 * The open journal of one server life: group commit, fencing, and what follows a failed sync.
 *
 * Always: a record is acknowledged after write, sync and the look for a newer generation, in this order; records
 * are acknowledged in the order in which they were appended.
 * Never: once fenced, failed or closed it writes nothing any more.
 */
import { HoldfastError } from "../model/error.ts";
import type { Files } from "../model/ports.ts";
import { readBehind } from "./history.ts";
import { isObject, type RecordDraft } from "./record.ts";
import { continuedType, type Seal, sealsToRecord } from "./seal.ts";
import { generationsIn, segmentName } from "./segment.ts";
import {
  type Appended,
  groupBytesMaxDefault,
  type Journal,
  type JournalOptions,
  type JournalPosition,
  type JournalState,
  type LateWrite,
  recordBytesMaxDefault,
} from "./types.ts";
import { SegmentWriter, type Written } from "./writer.ts";

/** A server that is older than this many others and still writes has been paused for a long time. */
const lateSegmentsMax = 4;

type Refusal = Extract<Appended, { ok: false }>;

interface Waiting {
  readonly draft: RecordDraft;
  readonly onWritten: (() => void) | undefined;
  readonly answer: (answer: Appended) => void;
}

export class DurableJournal implements Journal {
  readonly #files: Files;
  readonly #folder: string;
  readonly #recordBytesMax: number;
  readonly #groupBytesMax: number;
  /** What the next segment repeats. */
  #seals: readonly Seal[];
  #segment: SegmentWriter;
  #acknowledged: JournalPosition;
  #waiting: Waiting[] = [];
  #pump: Promise<void> | undefined;
  /** Stamp of the folder before it was listed the last time. */
  #listedAt: string | undefined;
  /** Why nothing is accepted any more. */
  #refusal: Refusal | undefined;

  constructor(
    files: Files,
    folder: string,
    segment: SegmentWriter,
    seals: readonly Seal[],
    options: JournalOptions,
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#segment = segment;
    this.#acknowledged = segment.good;
    this.#seals = seals;
    this.#recordBytesMax = options.recordBytesMax ?? recordBytesMaxDefault;
    this.#groupBytesMax = options.groupBytesMax ?? groupBytesMaxDefault;
  }

  get generation(): number {
    return this.#segment.generation;
  }

  get state(): JournalState {
    return this.#refusal?.why ?? "open";
  }

  position(): JournalPosition {
    return this.#acknowledged;
  }

  async append(
    type: string,
    data: Readonly<Record<string, unknown>>,
    onWritten?: () => void,
  ): Promise<Appended> {
    const draft = draftRecord(type, data, this.#recordBytesMax);
    if (this.#refusal !== undefined) return this.#refusal;
    return new Promise((answer) => {
      this.#waiting.push({ draft, onWritten, answer });
      this.#pump ??= this.#run();
    });
  }

  async close(): Promise<void> {
    this.#refusal ??= { ok: false, why: "closed", detail: "The journal was closed." };
    await this.#pump;
    await this.#segment.close();
  }

  async checkFence(): Promise<Refusal | undefined> {
    if (this.#refusal !== undefined) return this.#refusal;
    this.#refusal = await this.#newer();
    return this.#refusal;
  }

  async lateWrites(): Promise<readonly LateWrite[]> {
    const newest = this.#seals.toSorted((left, right) => right.generation - left.generation);
    const found = newest
      .slice(0, lateSegmentsMax)
      .map((seal) => readBehind(this.#files, this.#folder, seal, this.#recordBytesMax));
    return (await Promise.all(found)).flat();
  }

  async #run(): Promise<void> {
    // Everything that is appended before the machine comes to this shares the first sync.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      const outcome = await this.#commit(group);
      if ("ok" in outcome) {
        this.#refusal = outcome;
        for (const { answer } of [...group, ...this.#waiting.splice(0)]) answer(outcome);
      } else {
        this.#acknowledged = this.#segment.good;
        for (const [i, { answer }] of group.entries()) {
          const written = outcome.written[i];
          if (written !== undefined) answer({ ok: true, ...written });
        }
      }
    }
    this.#pump = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { draft } of this.#waiting) {
      bytes += draft.dataJson.length;
      if (count > 0 && bytes > this.#groupBytesMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(group: readonly Waiting[]): Promise<{ written: readonly Written[] } | Refusal> {
    const drafts = group.map(({ draft }) => draft);
    const onWritten = () => {
      for (const one of group) one.onWritten?.();
    };
    let written: readonly Written[] | Refusal;
    try {
      written = await this.#segment.write(drafts, onWritten);
    } catch (error) {
      written = await this.#writeAgain(drafts, error, onWritten);
    }
    if ("ok" in written) return written;
    return (await this.#newer()) ?? { written };
  }

  /**
   * Rule 6: the segment ends at its last good byte, for ever. A new one takes this as its seal, together with the
   * group; what the group left in the old one is behind the seal.
   */
  async #writeAgain(
    drafts: readonly RecordDraft[],
    cause: unknown,
    onWritten: () => void,
  ): Promise<readonly Written[] | Refusal> {
    const old = this.#segment;
    const { good } = old;
    try {
      await old.close();
      await old.verify(this.#files);
      const next = await SegmentWriter.create(this.#files, this.#folder, good.generation + 1);
      if (next === undefined) return fencedBy(good.generation + 1);
      this.#segment = next;
      this.#seals = sealsToRecord(this.#seals, [good]);
      const first = { seals: this.#seals, why: text(cause) };
      const again = drafts.map((draft, i) => ({
        ...draft,
        replaces: `${good.generation}.${good.n + 1 + i}`,
      }));
      const draft = { type: continuedType, dataJson: JSON.stringify(first) };
      const written = await next.write([draft, ...again], onWritten);
      await next.verify(this.#files);
      return written.slice(1);
    } catch (error) {
      const detail = `${text(cause)}; then, while going on in a new segment: ${text(error)}. Nothing more is recorded: check the disk, then start the server again.`;
      return { ok: false, why: "failed", detail };
    }
  }

  /** Asked after each sync, while somebody waits. */
  async #newer(): Promise<Refusal | undefined> {
    try {
      const { statNow, listNow } = this.#files;
      const stamp = statNow?.(this.#folder)?.stamp;
      if (stamp !== undefined && stamp === this.#listedAt) {
        // No name has come since, unless within one tick of the system's clock: a newer life takes the next one first.
        const next = `${this.#folder}/${segmentName(this.generation + 1)}`;
        if (statNow?.(next) === undefined) return undefined;
      }
      this.#listedAt = stamp;
      const names = listNow === undefined ? await this.#files.list(this.#folder) : listNow(this.#folder);
      if (names === undefined) {
        return { ok: false, why: "failed", detail: `The journal's folder ${this.#folder} is gone.` };
      }
      const newest = generationsIn(names).at(-1) ?? 0;
      return newest > this.generation ? fencedBy(newest) : undefined;
    } catch (error) {
      const detail = `${text(error)}: it cannot be told whether another server has taken over.`;
      return { ok: false, why: "failed", detail };
    }
  }
}

/** Checks what a caller wants recorded. @throws HoldfastError `bad-argument`. */
export function draftRecord(
  type: string,
  data: Readonly<Record<string, unknown>>,
  recordBytesMax: number,
): RecordDraft {
  const dataJson: unknown = isObject(data) ? stringify(type, data) : undefined;
  if (typeof dataJson !== "string" || !dataJson.startsWith("{")) {
    throw new HoldfastError(
      "bad-argument",
      `The data of a "${type}" record is no JSON object. Pass a plain object.`,
    );
  }
  // A UTF-16 unit takes at most three bytes; the exact length is only worth its price near the limit.
  const unitsMax = recordBytesMax - lineOverheadBytesMax;
  const tooLong =
    (dataJson.length + type.length * 2) * 3 > unitsMax &&
    new TextEncoder().encode(dataJson + JSON.stringify(type)).length > unitsMax;
  if (tooLong) {
    const message = `A "${type.slice(0, 100)}" record would be longer than ${recordBytesMax} bytes. Record a shortened value and where the whole one is.`;
    throw new HoldfastError("bad-argument", message);
  }
  return { type, dataJson };
}

/** Mark, checksum, length, numbers and tabs of a line are never longer. */
const lineOverheadBytesMax = 128;

function stringify(type: string, data: object): string {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    const message = `The data of a "${type}" record cannot be written as JSON. Pass plain JSON.`;
    throw new HoldfastError("bad-argument", message, { cause });
  }
}

function fencedBy(generation: number): Refusal {
  const detail = `Another server has taken over: generation ${generation} (${segmentName(generation)}) exists.`;
  return { ok: false, why: "fenced", detail };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
