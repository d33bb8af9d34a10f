/**
 * The spool of one attempt as a cut (source O): what the journal vouches for, and behind it what was said since.
 *
 * Always: a unit whose bytes are not those that were synced is damage and no facts; behind the last cover the lines
 * are taken as they stand.
 */
import { adapters } from "../agent/index.ts";
import { FactKeeper } from "../agent/keep.ts";
import type { KeepLimits } from "../agent/resume-types.ts";
import { type SpoolLine, SpoolReader } from "../journal/index.ts";
import type { SourceCut } from "../model/evidence.ts";
import type { Damage, Fact, FactBody } from "../model/fact.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { mapSpool } from "../session/shift.ts";
import type { AttemptState, SessionState } from "../session/state.ts";
import { decodeLine } from "../session/stream.ts";
import { isHole, readUnits, type Unit } from "../session/units.ts";
import { attemptPaths } from "../supervise/index.ts";

const batchBytesMax = 1024 * 1024;

export interface SpoolOf {
  readonly session: SessionState;
  readonly attempt: AttemptState;
  /** The agent is gone: half a line at the end is all there will be of it. */
  readonly isOver: boolean;
}

/** @param folder of the attempt. */
export async function spoolCut(
  files: Files,
  folder: string,
  of: SpoolOf,
  keep: KeepLimits | undefined,
): Promise<SourceCut> {
  const adapter = adapters[of.session.agent];
  const path = attemptPaths(folder).spool;
  const abilities = adapter?.abilities.O ?? {};
  const cut = { source: "O", path, abilities } as const;
  const reading = new Reading(path, of, keep);
  try {
    const file = await files.openRead(path);
    try {
      await reading.units(file);
      if (file !== undefined) await reading.rest(file);
    } finally {
      await file?.close();
    }
    const isMissing = file === undefined;
    return { ...cut, status: isMissing ? "missing" : "read", facts: reading.facts, damage: reading.damage };
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    const detail = `The recorded output cannot be read: ${thrown.code}`;
    const damage: Damage = { code: "log-unreadable", path, range: { fromByte: 0, toByte: 0 }, detail };
    return { ...cut, status: "unreadable", facts: reading.facts, damage: [damage] };
  }
}

/** How a hole is told: as what, and what is wrong with its bytes. */
const altered = ["checksum", "are not those that were synced"] as const;
const holes: { readonly [S in Unit["status"]]?: readonly [Damage["code"], string] } = {
  missing: ["truncated", "that were recorded as synced are missing"],
  unreadable: ["log-unreadable", "that were recorded as synced cannot be read"],
};

class Reading {
  readonly damage: Damage[] = [];
  readonly #path: string;
  readonly #of: SpoolOf;
  readonly #kept: FactKeeper;

  constructor(path: string, of: SpoolOf, keep: KeepLimits | undefined) {
    this.#path = path;
    this.#of = of;
    // Turns of a spool are compared with the store's: none is left out.
    this.#kept = new FactKeeper(
      keep === undefined ? undefined : { ...keep, bytesMax: Number.POSITIVE_INFINITY },
    );
  }

  get facts(): readonly Fact[] {
    return this.#kept.facts;
  }

  async units(file: ReadFile | undefined): Promise<void> {
    const { covers } = this.#of.attempt;
    for (let index = 0; index < covers.ends.length; ) {
      const units = await readUnits(file, covers, index);
      if (units.length === 0) return;
      index += units.length;
      for (const unit of units) this.#unit(unit);
    }
  }

  /** What was said after the last record. */
  async rest(file: ReadFile): Promise<void> {
    const { fileByte, streamByte } = await mapSpool(file, this.#of.attempt.covers);
    const reader = new SpoolReader(file, { fromByte: fileByte, batchBytesMax });
    for (let more = true; more; ) {
      // A line may be longer than a batch: one without a complete line is not the last.
      const batch = await reader.next();
      for (const line of batch.lines) this.#line(line, 0);
      ({ more } = batch);
    }
    const { fromByte, toByte } = reader.tailRange();
    if (!this.#of.isOver || toByte <= fromByte) return;
    const whole = reader.tail().filter((line) => this.#isWhole(line));
    for (const line of whole) this.#line(line, 0);
    if (whole.length > 0) return;
    const detail = `${toByte - fromByte} bytes at the end are no complete line; the agent was gone before it wrote the rest (stream offset ${streamByte})`;
    this.damage.push({ code: "torn-tail", path: this.#path, range: { fromByte, toByte }, detail });
  }

  #unit(unit: Unit): void {
    if (isHole(unit)) {
      this.#hole(unit);
      return;
    }
    const delta = unit.range.fromByte - unit.fileFromByte;
    for (const line of unit.lines) this.#line(line, delta);
  }

  #hole(unit: Unit): void {
    const fromByte = unit.fileFromByte;
    const toByte = fromByte + unit.range.toByte - unit.range.fromByte;
    const [code, what] = holes[unit.status] ?? altered;
    const last = this.damage.at(-1);
    const isNext = last?.code === code && last.range.toByte === fromByte;
    const from = isNext ? last.range.fromByte : fromByte;
    if (isNext) this.damage.pop();
    const range = { fromByte: from, toByte };
    this.damage.push({ code, path: this.#path, range, detail: `${toByte - from} bytes ${what}` });
  }

  #line(line: SpoolLine, delta: number): void {
    const range = { fromByte: line.range.fromByte - delta, toByte: line.range.toByte - delta };
    const { attempt } = this.#of.attempt;
    const facts = this.#decode(line).map(
      (body, k): Fact => ({ source: "O", path: this.#path, range, k, attempt, body }),
    );
    this.#kept.add(facts);
  }

  #decode(line: SpoolLine): readonly FactBody[] {
    const adapter = adapters[this.#of.session.agent];
    return adapter === undefined ? [] : decodeLine(adapter, line);
  }

  /** A last line that lacks only its newline. */
  #isWhole(line: SpoolLine): boolean {
    return line.problem === undefined && this.#decode(line).every(({ kind }) => kind !== "unreadable");
  }
}
