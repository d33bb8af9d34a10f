/**
 * Tool calls as the sources tell them: which facts speak of one and the same call.
 *
 * Always: a call is known by turn and id. The same id in two turns is two calls; the same id with another name or
 * input in one turn is two calls as well, and each carries `variants` > 1; equal calls with two ids are two calls.
 * A call that only the model's reply names counts as made where its own record may be lost, or a result proves it.
 * Never: nothing is judged here, and no fact is left out: a result without a call is a call that is not `paired`.
 */
import type { Fact, ResultFact } from "../model/fact.ts";
import { canonicalJson } from "../model/json.ts";
import { mergeOrders } from "../model/order.ts";
import type { ResultText } from "../model/result.ts";
import type { Turn } from "../model/turn.ts";

/** A result at its place. */
export interface ResultAt extends ResultText {
  readonly fact: Fact;
}

export interface Call {
  readonly turn: Turn;
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  /** Equal for calls with equal name and input. */
  readonly sameness: string;
  /** Where it is said that the call was made, in the order O, L, S. */
  readonly made: readonly Fact[];
  /** In the order O, L, S. */
  readonly results: readonly ResultAt[];
  /** Said more than once by one source, in the same words. */
  readonly repeats: readonly Fact[];
  /** How many calls of this turn have this id. */
  readonly variants: number;
  /** False: there is a result and no call. */
  readonly paired: boolean;
}

interface Draft {
  readonly key: string;
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  readonly sameness: string;
  readonly made: Fact[];
  readonly results: ResultAt[];
  readonly repeats: Fact[];
}

interface Board {
  readonly drafts: Map<string, Draft>;
  readonly byId: Map<string, Draft[]>;
}

/**
 * The calls of the turns, in order of first appearance.
 *
 * @param mayLack says of a turn whether records of it may be lost, so that a missing one proves nothing.
 */
export function callsOf(turns: readonly Turn[], mayLack: (turn: Turn) => boolean): Call[] {
  return turns.flatMap((turn) => callsOfTurn(turn, mayLack(turn)));
}

function callsOfTurn(turn: Turn, mayLack: boolean): Call[] {
  const board: Board = { drafts: new Map(), byId: new Map() };
  const homeless: ResultAt[] = [];
  const orders = [turn.O, turn.L, turn.S].map((facts) => collect(facts, board, homeless));
  const unpaired = new Set<string>();
  orders.push(takeAnnounced(turn, board, (callId) => mayLack || hasResult(homeless, callId)));
  for (const result of homeless) house(result, board, unpaired, orders);
  return mergeOrders(orders).flatMap((key) => {
    const draft = board.drafts.get(key);
    if (draft === undefined) return [];
    const { key: _, ...call } = draft;
    const variants = board.byId.get(draft.id)?.length ?? 1;
    return [{ ...call, turn, variants, paired: !unpaired.has(key) }];
  });
}

/** One source's facts; returns the order of the calls in it. */
function collect(facts: readonly Fact[], board: Board, homeless: ResultAt[]): string[] {
  const order: string[] = [];
  const here = new Map<string, { draft: Draft; answered: boolean }[]>();
  for (const fact of facts) {
    const { body } = fact;
    if (body.kind === "call") {
      const sameness = canonicalJson([body.name, body.input]);
      const draft = draftOf(board, body.callId, body.name, body.input, sameness);
      const calls = here.get(body.callId) ?? [];
      here.set(body.callId, calls);
      if (calls.some((call) => call.draft === draft)) draft.repeats.push(fact);
      else order.push(draft.key);
      calls.push({ draft, answered: false });
      draft.made.push(fact);
    }
    if (body.kind === "result") {
      const calls = here.get(body.callId) ?? [];
      const call = calls.findLast(({ answered }) => !answered) ?? calls.at(-1);
      if (call === undefined) homeless.push(resultAt(fact, body));
      else {
        call.answered = true;
        call.draft.results.push(resultAt(fact, body));
      }
    }
  }
  return order;
}

/** Calls that a reply names and no source has as made. */
function takeAnnounced(turn: Turn, board: Board, isMade: (callId: string) => boolean): string[] {
  return turn.L.flatMap((fact) => {
    const { body } = fact;
    if (body.kind !== "announced" || board.byId.has(body.callId) || !isMade(body.callId)) return [];
    const sameness = canonicalJson([body.name, body.input]);
    const draft = draftOf(board, body.callId, body.name, body.input, sameness);
    draft.made.push(fact);
    return [draft.key];
  });
}

function hasResult(results: readonly ResultAt[], callId: string): boolean {
  return results.some(({ fact: { body } }) => body.kind === "result" && body.callId === callId);
}

function draftOf(board: Board, id: string, name: string, input: unknown, sameness: string): Draft {
  const key = canonicalJson([id, sameness]);
  const known = board.drafts.get(key);
  if (known !== undefined) return known;
  const draft: Draft = { key, id, name, input, sameness, made: [], results: [], repeats: [] };
  board.drafts.set(key, draft);
  board.byId.set(id, [...(board.byId.get(id) ?? []), draft]);
  return draft;
}

/** A result whose source does not have the call belongs to every call with its id that other sources have. */
function house(result: ResultAt, board: Board, unpaired: Set<string>, orders: string[][]): void {
  const { body } = result.fact;
  if (body.kind !== "result") return;
  const known = board.byId.get(body.callId);
  if (known !== undefined) {
    for (const draft of known) draft.results.push(result);
    return;
  }
  const name = body.name ?? "";
  const draft = draftOf(board, body.callId, name, null, canonicalJson([name, null]));
  draft.results.push(result);
  unpaired.add(draft.key);
  orders.push([draft.key]);
}

function resultAt(fact: Fact, { content, isError, cut }: ResultFact): ResultAt {
  return { content, isError, cut, fact };
}
