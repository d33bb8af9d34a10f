/**
 * The stream of a session: what its agents said and what we recorded, in one order, with positions as ids.
 *
 * Always: rebuilt from journal and spool at every reading, so that a client that comes back after any number of
 * restarts gets the same events under the same ids; an event is in it only when its bytes are synced and recorded.
 * Never: a reader holds more than one piece of a spool in memory, however slow its client is.
 */
import type { AgentAdapter } from "../agent/contract.ts";
import type { SpoolLine } from "../journal/index.ts";
import type { FactBody } from "../model/fact.ts";
import type { Files, ReadFile } from "../model/ports.ts";
import { comparePositions, formatPosition, holeK, type Position } from "../model/position.ts";
import { firstUnitEndingAt } from "./covers.ts";
import { type AttemptState, lastPlace, type SessionState, type StreamFact } from "./state.ts";
import { isHole, readUnits, type Unit } from "./units.ts";

/** One event as clients get it; `type` decides the other fields. */
export type StreamEvent = {
  /** Position, for `Last-Event-ID`. */
  readonly id: string;
  readonly type: string;
  readonly attempt: number;
} & Readonly<Record<string, unknown>>;

interface Placed {
  readonly position: Position;
  readonly event: StreamEvent;
}

/** What is made of one line of a spool: 0 or more events. */
export type Decode = (line: SpoolLine) => readonly ({ readonly kind: string } & object)[];

/** Reads a session's stream from a position on; each event once. */
export class StreamReader {
  readonly #files: Files;
  readonly #decode: Decode;
  readonly #session: SessionState;
  readonly #spoolPath: (attempt: number) => string;
  /** The last event that was given, or that is to come before the first: what is put in before it comes too late. */
  #after: Position | undefined;
  #attemptIndex = 0;
  #unitIndex = 0;
  #factIndex = 0;
  #file: ReadFile | undefined;
  #fileOf = 0;
  #isClosed = false;

  constructor(source: {
    readonly files: Files;
    readonly decode: Decode;
    readonly session: SessionState;
    readonly spoolPath: (attempt: number) => string;
    /** Only what follows it; undefined for everything. */
    readonly after?: Position | undefined;
  }) {
    this.#files = source.files;
    this.#decode = source.decode;
    this.#session = source.session;
    this.#spoolPath = source.spoolPath;
    this.#after = source.after;
    this.#skip();
  }

  /** Whether a cursor names a place of this session's record that can exist. */
  static knows(session: SessionState, cursor: Position): boolean {
    if (cursor.epoch !== session.epoch) return false;
    const attempt = session.attempts.find((one) => one.attempt === cursor.attempt);
    const lastFact = lastPlace(session);
    const facts = lastFact === undefined ? -1 : comparePositions(cursor, placed(session, lastFact));
    return facts <= 0 || (attempt !== undefined && cursor.byteOffset <= (attempt.covers.ends.at(-1) ?? 0));
  }

  /** The next events; empty when there are none for now, and when it is closed meanwhile. Calls are made one after the other. */
  async next(): Promise<readonly StreamEvent[]> {
    for (;;) {
      const attempt = this.#session.attempts[this.#attemptIndex];
      const covered = attempt?.covers.ends.length;
      const units = attempt === undefined ? [] : await this.#units(attempt);
      if (this.#isClosed) return [];
      // What came on record meanwhile stands before the facts that came with it.
      if (units.length === 0 && attempt?.covers.ends.length !== covered) continue;
      const found: Placed[] = [];
      if (attempt !== undefined && units.length > 0) {
        for (const unit of units) this.#unitEvents(attempt, unit, found);
        this.#unitIndex += units.length;
      } else {
        this.#facts(attempt?.attempt ?? 0, Number.POSITIVE_INFINITY, found);
      }
      const news = found.filter((one) => this.#isNew(one.position));
      this.#after = news.at(-1)?.position ?? this.#after;
      if (news.length > 0) return news.map((one) => one.event);
      if (units.length > 0) continue;
      if (this.#attemptIndex + 1 >= this.#session.attempts.length) return [];
      this.#attemptIndex += 1;
      this.#unitIndex = 0;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#release();
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#fileOf = 0;
    await file?.close();
  }

  #skip(): void {
    const after = this.#after;
    if (after === undefined) return;
    const index = this.#session.attempts.findIndex((attempt) => attempt.attempt >= after.attempt);
    const attempt = this.#session.attempts[index];
    if (attempt === undefined) return;
    this.#attemptIndex = index;
    if (attempt.attempt === after.attempt)
      this.#unitIndex = firstUnitEndingAt(attempt.covers, after.byteOffset);
  }

  async #units(attempt: AttemptState): Promise<readonly Unit[]> {
    if (this.#unitIndex >= attempt.covers.ends.length) return [];
    if (this.#fileOf !== attempt.attempt) {
      await this.#release();
      const file = await this.#files.openRead(this.#spoolPath(attempt.attempt));
      // Its client went meanwhile: nobody else would close it.
      if (this.#isClosed) {
        await file?.close();
        return [];
      }
      this.#file = file;
      this.#fileOf = attempt.attempt;
    }
    return readUnits(this.#file, attempt.covers, this.#unitIndex);
  }

  #isNew(position: Position): boolean {
    return this.#after === undefined || comparePositions(position, this.#after) > 0;
  }

  #unitEvents(attempt: AttemptState, unit: Unit, found: Placed[]): void {
    if (isHole(unit)) {
      this.#facts(attempt.attempt, unit.range.toByte, found);
      const why = holes[unit.status] ?? "";
      const { range } = unit;
      found.push(this.#placed(attempt.attempt, range.toByte, holeK, "hole", { range, why }));
      return;
    }
    for (const line of unit.lines) {
      this.#facts(attempt.attempt, line.range.toByte, found);
      this.#decode(line).forEach((body, k) => {
        const { kind, ...rest } = body;
        const type = kind === "prompt" ? "agent-prompt" : kind;
        const proof = unit.status === "unproven" ? { unproven: true } : {};
        found.push(
          this.#placed(attempt.attempt, line.range.toByte, k, type, {
            ...renamed(rest),
            range: line.range,
            ...proof,
          }),
        );
      });
    }
  }

  /** Facts of ours that stand before `beforeByte` of an attempt (and any of earlier ones). */
  #facts(attempt: number, beforeByte: number, found: Placed[]): void {
    for (;;) {
      const fact: StreamFact | undefined = this.#session.facts[this.#factIndex];
      if (fact === undefined || fact.at.attempt > attempt) return;
      if (fact.at.attempt === attempt && fact.at.byte >= beforeByte) return;
      this.#factIndex += 1;
      found.push(this.#placed(fact.at.attempt, fact.at.byte, fact.at.k, fact.type, fact.body));
    }
  }

  #placed(
    attempt: number,
    byteOffset: number,
    k: number,
    type: string,
    body: Readonly<Record<string, unknown>>,
  ): Placed {
    const position = { epoch: this.#session.epoch, attempt, byteOffset, k };
    return { position, event: { id: formatPosition(position), type, attempt, ...body } };
  }
}

const holes: { readonly [S in Unit["status"]]?: string } = {
  missing: "the bytes are missing",
  altered: "the bytes are not those that were recorded",
  unreadable: "the bytes cannot be read",
};

/** Facts of one line; a line that is no text is one `unreadable` fact. */
export function decodeLine(adapter: AgentAdapter, line: SpoolLine): readonly FactBody[] {
  if (line.problem === undefined) return adapter.decodeLine(line.text);
  const bytes = line.range.toByte - line.range.fromByte;
  const reason = {
    oversized: `The line has ${bytes} bytes, more than are read as one record. It begins: ${line.text.slice(0, 80)}`,
    nul: `${bytes} NUL bytes stand where a record should be.`,
    "not-utf8": "The line is not UTF-8 text.",
  }[line.problem];
  return [{ kind: "unreadable", reason }];
}

/** `unknown` facts carry the record's own type, which must not stand in the place of the event's. */
function renamed(rest: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!("type" in rest)) return rest;
  const { type, ...others } = rest;
  return { ...others, recordType: type };
}

function placed(session: SessionState, at: StreamFact["at"]): Position {
  return { epoch: session.epoch, attempt: at.attempt, byteOffset: at.byte, k: at.k };
}
