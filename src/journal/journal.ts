/**
 * The open journal of one server life: group commit, fencing, and what follows a failed sync.
 *
 * Always: a record is acknowledged after write, sync and the look for a newer generation, in this order. The sync is the
 * record's own, or that of its source: a record that was computed from what is on the disk can be computed again, and
 * its own sync follows at once.
 * Never: once fenced, failed or closed it accepts nothing any more.
 */
import { invariant } from "../model/error.ts";
import type { Files } from "../model/ports.ts";
import { draftRecord, lineBytesAtMost } from "./draft.ts";
import { Fence, fencedBy, type Refusal, reason } from "./fence.ts";
import { readBehind } from "./read-segment.ts";
import type { RecordDraft } from "./record.ts";
import { continuedType, type Seal, sealsToRecord } from "./seal.ts";
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

/** A record on its way to the disk. */
interface Entry {
  readonly draft: RecordDraft;
  /** Resolves when that from which it was computed is on the disk; without one, its own sync is waited for. */
  readonly source: Promise<unknown> | undefined;
  readonly answer: (answer: Appended | Promise<Appended>) => void;
  /** Where it stands; another place after a failed sync. */
  place?: Written;
}

export class DurableJournal implements Journal {
  readonly #files: Files;
  readonly #folder: string;
  readonly #fence: Fence;
  readonly #recordBytesMax: number;
  readonly #groupBytesMax: number;
  /** What the next segment repeats. */
  #seals: readonly Seal[];
  #segment: SegmentWriter;
  #acknowledged: JournalPosition;
  /** Not written yet. */
  #waiting: Entry[] = [];
  /** Behind the last record that is on the disk, in the order of the file. */
  #unsynced: Entry[] = [];
  /** Writing, one group after the other. */
  #pump: Promise<void> | undefined;
  /** Syncing, once after the other, while the next group is written. */
  #syncing: Promise<void> | undefined;
  #isSyncDue = false;
  /** What failed on the segment; nothing is done to it any more. */
  #failure: { readonly cause: unknown } | undefined;
  /** The next segment comes into being, or has come. */
  #making: Promise<unknown> | undefined;
  /** Why nothing is accepted any more. */
  #refusal: Refusal | undefined;
  #tellOver: (refusal: Refusal) => void = () => {};
  readonly over = new Promise<Refusal>((resolve) => (this.#tellOver = resolve));

  constructor(
    files: Files,
    folder: string,
    segment: SegmentWriter,
    seals: readonly Seal[],
    options: JournalOptions,
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#fence = new Fence(files, folder);
    this.#segment = segment;
    this.#acknowledged = segment.good;
    this.#seals = seals;
    this.#recordBytesMax = options.recordBytesMax ?? recordBytesMaxDefault;
    this.#groupBytesMax = Math.min(options.groupBytesMax ?? groupBytesMaxDefault, groupBytesMaxDefault);
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
    source?: Promise<unknown>,
  ): Promise<Appended> {
    const draft = draftRecord(type, data, this.#recordBytesMax);
    if (this.#refusal !== undefined) return this.#refusal;
    return new Promise((answer) => {
      this.#waiting.push({ draft, source, answer });
      this.#pump ??= this.#run();
    });
  }

  async close(): Promise<void> {
    this.#refusal ??= { ok: false, why: "closed", detail: "The journal was closed." };
    for (;;) {
      await this.#pump;
      await this.#syncing;
      if (this.#pump === undefined && this.#syncing === undefined && this.#unsynced.length === 0) break;
      this.#sync();
    }
    await this.#segment.close();
  }

  async checkFence(): Promise<Refusal | undefined> {
    return this.#refusal ?? this.#refused();
  }

  async lateWrites(): Promise<readonly LateWrite[]> {
    const newest = this.#seals.toSorted((left, right) => right.generation - left.generation);
    const found = newest
      .slice(0, lateSegmentsMax)
      .map((seal) => readBehind(this.#files, this.#folder, seal, this.#recordBytesMax));
    return (await Promise.all(found)).flat();
  }

  async #run(): Promise<void> {
    // Everything that is appended before the machine comes to this is written together.
    await Promise.resolve();
    while (this.#failure !== undefined || this.#waiting.length > 0) {
      if (this.#failure !== undefined) await this.#goOn(this.#failure.cause);
      else if (this.#segment.unsyncedBytes > groupBytesMaxDefault) await this.#synced();
      else await this.#write(this.#takeGroup());
    }
    this.#pump = undefined;
  }

  #takeGroup(): Entry[] {
    let bytes = 0;
    let count = 0;
    for (const { draft } of this.#waiting) {
      bytes += lineBytesAtMost(draft);
      if (count > 0 && bytes > this.#groupBytesMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Entry[]): Promise<void> {
    try {
      const places = await this.#segment.append(group.map(({ draft }) => draft));
      this.#unsynced.push(...group);
      this.#placed(group, places);
    } catch (cause) {
      this.#unsynced.push(...group);
      this.#failure = { cause };
      return;
    }
    if (group.some(({ source }) => source === undefined)) this.#sync();
  }

  /** They are written: those with a source wait for nothing else of ours. */
  #placed(group: readonly Entry[], places: readonly Written[]): void {
    for (const [i, one] of group.entries()) {
      const isAnswered = one.place !== undefined;
      const place = places[i];
      if (place !== undefined) one.place = place;
      if (one.source === undefined || isAnswered) continue;
      const answer = this.#vouched(one, one.source);
      // Whoever was refused meanwhile hears no more of it.
      answer.catch(() => undefined);
      one.answer(answer);
    }
  }

  async #vouched(one: Entry, source: Promise<unknown>): Promise<Appended> {
    await source;
    const refusal = await this.#refused();
    // Now, and not with that of the source: two syncs at once hold each other up.
    this.#sync(false);
    return this.#outcome(one, refusal);
  }

  /** All that is written is brought to the disk; what is written meanwhile shares the next sync. */
  #sync(isWaitedFor = true): void {
    if (this.#unsynced.length === 0 || this.#failure !== undefined) return;
    this.#isSyncDue = true;
    this.#syncing ??= this.#syncAll(isWaitedFor);
  }

  async #synced(): Promise<void> {
    this.#sync();
    await this.#syncing;
  }

  async #syncAll(isWaitedFor: boolean): Promise<void> {
    while (this.#isSyncDue && this.#unsynced.length > 0 && this.#failure === undefined) {
      this.#isSyncDue = false;
      const count = this.#unsynced.length;
      try {
        await this.#segment.sync(isWaitedFor);
      } catch (cause) {
        this.#failure = { cause };
        this.#pump ??= this.#run();
        break;
      }
      await this.#acknowledge(this.#unsynced.splice(0, count));
    }
    this.#syncing = undefined;
  }

  async #acknowledge(synced: readonly Entry[]): Promise<void> {
    const { good } = this.#segment;
    const refusal = await this.#refused();
    if (refusal === undefined) this.#acknowledged = good;
    for (const one of synced) if (one.source === undefined) one.answer(this.#outcome(one, refusal));
  }

  /**
   * Rule 6: the segment ends at its last good byte, for ever. A new one takes this as its seal, together with everything
   * behind that, also what was acknowledged for its source; what of it stands in the old one is behind the seal.
   */
  async #goOn(cause: unknown): Promise<void> {
    await this.#syncing;
    const old = this.#segment;
    const { good } = old;
    const again = [...this.#unsynced];
    try {
      await old.close();
      await old.verify(this.#files);
      const next = await this.#makeNext(good.generation + 1);
      if (next === undefined) return this.#stop(fencedBy(good.generation + 1));
      this.#seals = sealsToRecord(this.#seals, [good]);
      const first = { seals: this.#seals, why: reason(cause) };
      const drafts = again.map(({ draft }, i) => ({
        ...draft,
        replaces: `${good.generation}.${good.n + 1 + i}`,
      }));
      const draft = { type: continuedType, dataJson: JSON.stringify(first) };
      const [, ...places] = await next.write([draft, ...drafts]);
      await next.verify(this.#files);
      this.#unsynced = [];
      this.#failure = undefined;
      this.#placed(again, places);
      await this.#acknowledge(again);
    } catch (error) {
      const detail = `${reason(cause)}; then, while going on in a new segment: ${reason(error)}. Nothing more is recorded: check the disk, then start the server again.`;
      this.#stop({ ok: false, why: "failed", detail });
    }
  }

  async #makeNext(generation: number): Promise<SegmentWriter | undefined> {
    const made = SegmentWriter.create(this.#files, this.#folder, generation).then((next) => {
      if (next !== undefined) this.#segment = next;
      return next;
    });
    this.#making = made.catch(() => undefined);
    return made;
  }

  #outcome({ place }: Entry, refusal: Refusal | undefined): Appended {
    if (refusal !== undefined) return refusal;
    invariant(place !== undefined, "a record that was not written was to be acknowledged");
    return { ok: true, ...place };
  }

  /** Nothing is written any more; whoever waits is told why. */
  #stop(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#failure = undefined;
    for (const { answer } of [...this.#unsynced.splice(0), ...this.#waiting.splice(0)]) answer(refusal);
    this.#tellOver(refusal);
  }

  /** Why nothing counts that is not acknowledged yet. A journal that is being closed finishes what it has. */
  async #refused(): Promise<Refusal | undefined> {
    if (this.#refusal !== undefined && this.#refusal.why !== "closed") return this.#refusal;
    const made = async () => {
      await this.#making;
      return this.generation;
    };
    const refusal = await this.#fence.refusal(this.generation, made);
    if (refusal !== undefined) this.#stop(refusal);
    return refusal;
  }
}
