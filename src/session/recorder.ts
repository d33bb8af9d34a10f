/**
 * The one way by which facts come into being: append, wait until durable, fold, wake whoever watches. What only vouches
 * for bytes of a spool counts when those are durable and it is written.
 *
 * Always: records of one session take effect in the order in which they were made; a place in the stream is given
 * at the moment of the call, so two facts never share one, nor with one of an earlier life whose record is lost.
 * Never: after an append that was not acknowledged, nothing more takes effect: this life is over (another server
 * took the journal over, or the disk failed), and a later one reads what became of it.
 */
import type { Journal } from "../journal/index.ts";
import { type Cite, citeValue } from "../model/cite.ts";
import { coveredByte } from "./covers.ts";
import { firstKOf, laterPlace, placeAfter } from "./place.ts";
import type { AnyRecord, Place, RecordData, RecordType } from "./records.ts";
import { type AttemptState, fold, lastPlace, latestAttempt, type SessionState, type State } from "./state.ts";

/** Thrown into whatever was under way when this life ended. */
export class LifeOver extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "LifeOver";
  }
}

/** Record types whose place in the stream the recorder gives. */
type FactType = {
  [T in RecordType]: "at" extends keyof RecordData[T] ? T : never;
}[RecordType];

/** End of what was recorded of a session, including what is not durable yet. */
interface Front {
  last: Place | undefined;
  attempt: number;
  byte: number;
}

export class Recorder {
  readonly #journal: Journal;
  readonly #state: State;
  readonly #onOver: (detail: string) => void;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #fronts = new Map<string, Front>();
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Behind any byte, the first place of this life. */
  readonly #firstK: number;
  #over: string | undefined;

  constructor(journal: Journal, state: State, onOver: (detail: string) => void) {
    this.#journal = journal;
    this.#firstK = firstKOf(journal.generation);
    this.#state = state;
    this.#onOver = onOver;
    // Also when nobody waits for a record: what was shown last may not be on record.
    void journal.over.then(({ detail }) => this.end(detail));
  }

  /**
   * Records one thing; resolves with where it stands when it is durable and in the state.
   *
   * @param source the sync of the bytes that the record only vouches for: it counts when it is written and they are on
   *   the disk. A power cut may take it; then it is made again from them.
   * @throws LifeOver when it may not be durable.
   */
  record<T extends RecordType>(type: T, data: RecordData[T], source?: Promise<unknown>): Promise<Cite> {
    if (this.#over !== undefined) return Promise.reject(new LifeOver(this.#over));
    const record = { type, data } as AnyRecord;
    const sessionId = sessionOf(record);
    this.#move(sessionId, record);
    const before = this.#tails.get(sessionId) ?? Promise.resolve();
    const appended = this.#journal.append(type, data as unknown as Readonly<Record<string, unknown>>, source);
    const done = this.#settle(record, sessionId, before, appended);
    this.#tails.set(
      sessionId,
      done.then(
        () => undefined,
        () => undefined,
      ),
    );
    return done;
  }

  /** Records a fact that clients are shown; its place is behind everything recorded so far. */
  fact<T extends FactType>(session: SessionState, type: T, data: Omit<RecordData[T], "at">): Promise<Cite> {
    const front = this.#front(session);
    const at = placeAfter(front.last, front.attempt, front.byte, this.#firstK);
    return this.record(type, { ...data, at } as unknown as RecordData[T]);
  }

  /** A fact of one attempt: behind what is on record of it, also where a later one has begun. */
  factOf<T extends FactType>(
    session: SessionState,
    attempt: AttemptState,
    type: T,
    data: Omit<RecordData[T], "at">,
  ): Promise<Cite> {
    if (attempt === latestAttempt(session)) return this.fact(session, type, data);
    const { facts, passedAt } = session;
    const own = facts.findLast(({ at }) => at.attempt === attempt.attempt)?.at;
    const last = laterPlace(own, passedAt?.attempt === attempt.attempt ? passedAt : undefined);
    const byte = Math.max(coveredByte(attempt.covers), last?.byte ?? 0);
    const at = placeAfter(last, attempt.attempt, byte, this.#firstK);
    return this.record(type, { ...data, at } as unknown as RecordData[T]);
  }

  /** Place of the dispatch of a new attempt. */
  firstPlace(attempt: number): Place {
    return placeAfter(undefined, attempt, 0, this.#firstK);
  }

  /** Calls back after each record of the session took effect; returns how to stop that. */
  watch(sessionId: string, onChange: () => void): () => void {
    const watchers = this.#watchers.get(sessionId) ?? new Set();
    this.#watchers.set(sessionId, watchers);
    watchers.add(onChange);
    return () => {
      watchers.delete(onChange);
      if (watchers.size === 0) this.#watchers.delete(sessionId);
    };
  }

  /**
   * Before an act outside the journal that nobody could take back.
   *
   * What remains: a server that is stopped between this look and the act itself does it when it is continued.
   * @throws LifeOver when another server has taken over.
   */
  async mayAct(): Promise<void> {
    if (this.#over !== undefined) throw new LifeOver(this.#over);
    const refusal = await this.#journal.checkFence();
    if (refusal !== undefined) throw this.end(refusal.detail);
  }

  /** Lets everybody who watches look again: this life is closing. */
  wakeAll(): void {
    for (const watchers of [...this.#watchers.values()]) for (const wake of [...watchers]) wake();
  }

  /** Ends this life because of something outside the journal, such as a spool that cannot be synced. */
  end(detail: string): LifeOver {
    if (this.#over === undefined) {
      this.#over = detail;
      this.#onOver(detail);
    }
    return new LifeOver(this.#over);
  }

  /** Resolves when everything recorded so far has taken effect. */
  async quiet(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  async #settle(
    record: AnyRecord,
    sessionId: string,
    before: Promise<void>,
    appended: ReturnType<Journal["append"]>,
  ): Promise<Cite> {
    let answer: Awaited<typeof appended>;
    try {
      [answer] = await Promise.all([appended, before]);
    } catch (thrown) {
      throw this.end(thrown instanceof Error ? thrown.message : String(thrown));
    }
    if (!answer.ok) throw this.end(answer.detail);
    if (this.#over !== undefined) throw new LifeOver(this.#over);
    const { type, data } = record;
    const cite = recordCite(answer.path, answer.range, type, data);
    fold(this.#state, record, cite);
    for (const wake of this.#watchers.get(sessionId) ?? []) wake();
    return cite;
  }

  #front(session: SessionState): Front {
    let front = this.#fronts.get(session.id);
    if (front === undefined) {
      const latest = latestAttempt(session);
      const byte = latest === undefined ? 0 : coveredByte(latest.covers);
      const last = lastPlace(session);
      // Where a cover's record was lost, facts may stand behind the bytes that are known.
      const behind = last !== undefined && last.attempt === latest?.attempt && last.byte > byte;
      front = { last, attempt: latest?.attempt ?? 0, byte: behind ? last.byte : byte };
      this.#fronts.set(session.id, front);
    }
    return front;
  }

  /** Keeps the front ahead of what is being recorded. */
  #move(sessionId: string, record: AnyRecord): void {
    const session = this.#state.sessions.get(sessionId);
    const front = session === undefined ? this.#fronts.get(sessionId) : this.#front(session);
    if (record.type === "dispatch") {
      if (front !== undefined && front.attempt > record.data.attempt) return;
      this.#fronts.set(sessionId, { last: record.data.at, attempt: record.data.attempt, byte: 0 });
    } else if (front !== undefined && record.type === "cover") {
      if (record.data.attempt === front.attempt)
        front.byte = Math.max(front.byte, record.data.ends.at(-1) ?? 0);
    } else if (front !== undefined && "at" in record.data && record.data.at.attempt === front.attempt) {
      front.last = record.data.at;
    }
  }
}

/** Records without a session wait for each other only. */
function sessionOf(record: AnyRecord): string {
  return "sessionId" in record.data ? record.data.sessionId : "";
}

/** Where a record stands, and its beginning as it reads. */
export function recordCite(path: string, range: Cite["range"], type: string, data: unknown): Cite {
  const value = citeValue(`${type} ${JSON.stringify(data)?.slice(0, 400) ?? ""}`);
  return { source: "J", path, value, ...(range === undefined ? {} : { range }) };
}
