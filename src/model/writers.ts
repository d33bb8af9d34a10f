/**
 * Two agents wrote one log at once: what the earlier one wrote behind the next prompt goes back to its own turn.
 *
 * Always: a fact moves only to a turn that knows its call, from one that does not; time is linear in the facts, since
 * a log of months has ten thousands of turns.
 * Never: a fact is lost or doubled.
 */
import type { Fact } from "./fact.ts";
import { canonicalJson } from "./json.ts";

/** A turn as far as its facts can move. */
export interface Shared {
  readonly O: readonly Fact[];
  L: Fact[];
  /** Facts of L that stood behind the prompt of a later turn. */
  readonly interleaved: Fact[];
}

/** A call by all that it says. */
export function callKey(callId: string, name: string, input: unknown): string {
  return `call ${canonicalJson([callId, name, input])}`;
}

/**
 * Gives back to an earlier turn what its agent logged behind the next prompt: calls and results that the turn
 * they stand in does not know, and an earlier one does. Changes the rows in place.
 *
 * @param rows in order.
 */
export function separateWriters(rows: readonly Shared[]): void {
  const earlier = new Earlier();
  for (const row of rows) {
    giveBack(row, earlier);
    earlier.add(row);
  }
}

function giveBack(row: Shared, earlier: Earlier): void {
  const streamed = callsIn(row.O);
  const logged = callsIn(row.L);
  const moved = new Set<Fact>();
  for (const fact of row.L) {
    const { body } = fact;
    if ((body.kind !== "call" && body.kind !== "result") || streamed.has(body.callId)) continue;
    const { callId } = body;
    if (body.kind === "result" && (logged.get(callId) ?? 0) > 0) continue;
    const owner = body.kind === "call" ? earlier.streamedOnly(body) : earlier.waitingFor(callId);
    if (owner === undefined) continue;
    moved.add(fact);
    if (body.kind === "call") logged.set(callId, (logged.get(callId) ?? 0) - 1);
    owner.L = [...owner.L, fact];
    owner.interleaved.push(fact);
  }
  if (moved.size > 0) row.L = row.L.filter((fact) => !moved.has(fact));
}

/** The turns before the one that is looked at, by the calls in them. */
class Earlier {
  /** Of the stream alone, by {@link callKey}. */
  readonly #streamed = new Map<string, Shared[]>();
  /** Of stream and log, by id. A call that moves here is in the stream already. */
  readonly #calls = new Map<string, Shared[]>();

  add(row: Shared): void {
    for (const { body } of row.O) {
      if (body.kind === "call") put(this.#streamed, callKey(body.callId, body.name, body.input), row);
    }
    for (const { body } of [...row.O, ...row.L]) if (body.kind === "call") put(this.#calls, body.callId, row);
  }

  /** The latest turn that showed the call and has not logged it. */
  streamedOnly({ callId, name, input }: CallBody): Shared | undefined {
    if (this.#streamed.size === 0) return undefined;
    const rows = this.#streamed.get(callKey(callId, name, input)) ?? [];
    return rows.findLast(({ L }) => !L.some((fact) => isOf(fact, "call", callId)));
  }

  /** The latest turn that made the call and has not logged its result. */
  waitingFor(callId: string): Shared | undefined {
    const rows = this.#calls.get(callId) ?? [];
    return rows.findLast(({ L }) => !L.some((fact) => isOf(fact, "result", callId)));
  }
}

type CallBody = Extract<Fact["body"], { kind: "call" }>;

/** How often each call is made. */
function callsIn(facts: readonly Fact[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { body } of facts) {
    if (body.kind === "call") counts.set(body.callId, (counts.get(body.callId) ?? 0) + 1);
  }
  return counts;
}

function put(index: Map<string, Shared[]>, key: string, row: Shared): void {
  const rows = index.get(key);
  if (rows === undefined) index.set(key, [row]);
  else if (rows.at(-1) !== row) rows.push(row);
}

function isOf({ body }: Fact, kind: "call" | "result", callId: string): boolean {
  return body.kind === kind && body.callId === callId;
}
