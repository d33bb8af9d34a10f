/**
 * Turns: what the sources of a session said, laid side by side. The spool knows its attempt, a log knows only
 * prompts, a snapshot only messages; a turn joins what belongs together.
 *
 * Always: pure; a fact that says something about a conversation (prompt, text, call, result, end) is in exactly
 * one turn; a turn of the log that no attempt of ours opened is `foreign`: somebody else drove the agent.
 * Never: no fact is dropped because its turn is unclear; it then stays with its neighbours in the file.
 */
import type { ByteRange } from "./cite.ts";
import type { SourceCut } from "./evidence.ts";
import type { Fact } from "./fact.ts";
import { alignInOrder } from "./order.ts";
import { callKey, separateWriters } from "./writers.ts";

/** An attempt as far as its turn is recognised by it. */
export interface TurnOpener {
  readonly attempt: number;
  readonly prompt: string;
  /** As the agent was given it, where that is another text: behind a preface of ours. */
  readonly given?: string;
  /** False: the agent was never started, so no source can hold anything of it. */
  readonly started: boolean;
}

export interface Turn {
  /** 1, 2, 3 … within the session, in order. */
  readonly index: number;
  readonly attempt?: number;
  /** What was asked. */
  readonly prompt?: string;
  /** As the agent was given it, where that is another text: see {@link TurnOpener}. */
  readonly given?: string;
  readonly O: readonly Fact[];
  readonly L: readonly Fact[];
  readonly S: readonly Fact[];
  /** In the agent's log, opened by a prompt that no attempt of ours was started with. */
  readonly foreign: boolean;
  /** Facts of L that stand behind the prompt of a later turn: two agents wrote at once. */
  readonly interleaved: readonly Fact[];
}

interface Segment {
  readonly prompt: string | undefined;
  readonly facts: Fact[];
  readonly keys: ReadonlySet<string>;
}

interface Row {
  readonly attempt: number | undefined;
  readonly prompts: string[];
  readonly started: boolean;
  /** Calls and texts by which a part without a prompt is recognised. */
  readonly keys: Set<string>;
  readonly O: readonly Fact[];
  L: Fact[];
  S: Fact[];
  foreign: boolean;
  interleaved: Fact[];
}

const exactScore = 1_000;
const handedOverScore = 900;
const sharedScoreMax = 90;

/**
 * Joins the sources of one session into turns.
 *
 * @param attempts in order; empty for a store that no orchestrator of ours has a journal for.
 */
export function turnsOf(sources: readonly SourceCut[], attempts: readonly TurnOpener[]): Turn[] {
  const opened = rowsOfAttempts(sources, attempts);
  const logged = withLog(opened, segmentsOf(sources, "L"), attempts.length > 0);
  const rows = withSnapshot(logged, segmentsOf(sources, "S"));
  separateWriters(rows);
  const givenOf = new Map(attempts.flatMap(({ attempt, given }) => (given ? [[attempt, { given }]] : [])));
  return rows.map((row, index) => ({
    index: index + 1,
    ...(row.attempt === undefined ? {} : { attempt: row.attempt }),
    ...(row.prompts[0] === undefined ? {} : { prompt: row.prompts[0] }),
    ...(row.attempt === undefined ? {} : givenOf.get(row.attempt)),
    O: row.O,
    L: row.L,
    S: row.S,
    foreign: row.foreign,
    interleaved: row.interleaved,
  }));
}

/** Is one the other behind a preface of ours? The preface ends with an empty line. */
export function isSamePrompt(left: string, right: string): boolean {
  return left === right || left.endsWith(`\n\n${right}`) || right.endsWith(`\n\n${left}`);
}

/** Does `text` say all of the prompt: as it is, or behind a preface of ours or what was owed before it? */
export function saysPrompt(text: string, prompt: string): boolean {
  return text === prompt || text.endsWith(`\n\n${prompt}`);
}

function rowsOfAttempts(sources: readonly SourceCut[], attempts: readonly TurnOpener[]): Row[] {
  const spools = new Map<number, Fact[]>();
  for (const fact of factsOf(sources, "O")) {
    const attempt = fact.attempt ?? 0;
    const facts = spools.get(attempt);
    if (facts === undefined) spools.set(attempt, [fact]);
    else facts.push(fact);
  }
  const openers = new Map(attempts.map((opener) => [opener.attempt, opener]));
  const numbers = [...new Set([...openers.keys(), ...spools.keys()])].sort((a, b) => a - b);
  return numbers.map((attempt) => {
    const opener = openers.get(attempt);
    const facts = spools.get(attempt) ?? [];
    const started = opener?.started !== false || facts.length > 0;
    const prompts = [opener?.prompt, opener?.given].filter((prompt) => prompt !== undefined);
    return newRow(attempt, prompts, facts, started);
  });
}

function newRow(attempt: number | undefined, prompts: string[], O: readonly Fact[], started = true): Row {
  const row = { attempt, prompts, started, keys: keysOf(O), O, L: [], S: [] };
  return { ...row, foreign: false, interleaved: [] };
}

/** Calls, by all they say and by id; texts; of results the id alone, since one can be shortened in one source and whole in another. */
function keysOf(facts: readonly Fact[]): Set<string> {
  const keys = new Set<string>();
  for (const { body } of facts) {
    if (body.kind === "call") keys.add(callKey(body.callId, body.name, body.input));
    // What is left of a log may hold a result, or the reply that names a call, whose call is in the stream only.
    if (body.kind === "call" || body.kind === "result" || body.kind === "announced")
      keys.add(`id ${body.callId}`);
    if (body.kind === "text") keys.add(`text ${body.text}`);
  }
  return keys;
}

function factsOf(sources: readonly SourceCut[], name: "O" | "L" | "S"): Fact[] {
  return sources.filter(({ source }) => source === name).flatMap(({ facts }) => facts);
}

/** A source's facts, cut before each prompt and behind each unreadable place, which may have been a prompt. */
function segmentsOf(sources: readonly SourceCut[], name: "L" | "S"): Segment[] {
  const segments: { prompt: string | undefined; facts: Fact[] }[] = [];
  for (const cut of sources.filter(({ source }) => source === name)) {
    const holes = cut.damage.map(({ range }) => range);
    let open: { prompt: string | undefined; facts: Fact[] } | undefined;
    let previousByte = 0;
    for (const fact of cut.facts) {
      const { body, range } = fact;
      if (body.kind === "unreadable" || isHoleBetween(holes, previousByte, range.fromByte)) open = undefined;
      previousByte = range.toByte;
      if (!isConversation(fact)) continue;
      if (open === undefined || body.kind === "prompt") {
        open = { prompt: body.kind === "prompt" ? body.text : undefined, facts: [] };
        segments.push(open);
      }
      open.facts.push(fact);
    }
  }
  return segments.map((segment) => ({ ...segment, keys: keysOf(segment.facts) }));
}

function isHoleBetween(holes: readonly ByteRange[], fromByte: number, toByte: number): boolean {
  return holes.some((hole) => hole.fromByte >= fromByte && hole.fromByte < toByte);
}

function isConversation({ body }: Fact): boolean {
  return body.kind !== "session" && body.kind !== "unknown" && body.kind !== "unreadable";
}

function scoreOf(segment: Segment, row: Row): number {
  if (!row.started) return 0;
  const { prompt, keys } = segment;
  if (prompt === undefined) return Math.min(sharedOf(keys, row.keys) * 10, exactScore / 2);
  const isExact = row.prompts.includes(prompt);
  if (!isExact && !row.prompts.some((other) => isSamePrompt(prompt, other))) return 0;
  const shared = Math.min(sharedOf(keys, row.keys) * 2, sharedScoreMax);
  // Of two attempts with the same words, the one that spoke is likelier to have been logged.
  return (isExact ? exactScore : handedOverScore) + shared + (row.O.length > 0 ? 1 : 0);
}

/** Of a part without a prompt: where calls tell whose it is, the words that others happen to say as well do not. */
function scorerOf(segments: readonly Segment[], rows: readonly Row[]): typeof scoreOf {
  const isOwned = ({ prompt, keys }: Segment) =>
    prompt === undefined && rows.some((row) => sharesCall(keys, row.keys));
  const owned = new Set(segments.filter(isOwned));
  return (segment, row) =>
    owned.has(segment) && !sharesCall(segment.keys, row.keys) ? 0 : scoreOf(segment, row);
}

function sharesCall(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  for (const key of left) if (key.startsWith("id ") && right.has(key)) return true;
  return false;
}

function sharedOf(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let shared = 0;
  for (const key of left) if (right.has(key)) shared += 1;
  return shared;
}

function withLog(opened: readonly Row[], segments: readonly Segment[], haveAttempts: boolean): Row[] {
  const pairs = alignInOrder(segments, opened, scorerOf(segments, opened));
  const rows: Row[] = [];
  let nextRow = 0;
  segments.forEach((segment, index) => {
    const pair = pairs[index];
    const isHeadless = pair === undefined && segment.prompt === undefined;
    const free = isHeadless ? freeRow(opened, nextRow, pairs.slice(index + 1)) : undefined;
    const next = free === undefined ? undefined : opened[free];
    const row =
      pair === undefined ? rowOfUnpaired(segment, rows.at(-1), next, haveAttempts) : (opened[pair] as Row);
    const last = pair ?? (free !== undefined && row === next ? free : nextRow - 1);
    rows.push(...opened.slice(nextRow, last + 1));
    nextRow = last + 1;
    if (rows.at(-1) !== row) rows.push(row);
    addLog(row, segment);
  });
  return [...rows, ...opened.slice(nextRow)];
}

/**
 * The attempt that a part without a prompt is of, of those that nothing else in the log was found of: the last one before
 * what stands behind the part. One that said nothing has hardly logged anything, and one that was never started has not.
 */
function freeRow(
  opened: readonly Row[],
  fromRow: number,
  behind: readonly (number | undefined)[],
): number | undefined {
  const toRow = behind.find((pair) => pair !== undefined) ?? opened.length;
  const isFree = (row: number) => row >= fromRow && row < toRow;
  const spoke = opened.findLastIndex(({ O }, row) => isFree(row) && O.length > 0);
  const free = spoke < 0 ? opened.findLastIndex(({ started }, row) => isFree(row) && started) : spoke;
  return free < 0 ? undefined : free;
}

/** A part whose prompt is lost belongs to the turn before it, or to an attempt that nothing else was found of: `next`. */
function rowOfUnpaired(
  segment: Segment,
  before: Row | undefined,
  next: Row | undefined,
  haveAttempts: boolean,
): Row {
  const isHeadless = segment.prompt === undefined;
  if (isHeadless && before !== undefined) return before;
  if (isHeadless && next !== undefined) return next;
  const row = newRow(undefined, isHeadless ? [] : [segment.prompt], []);
  row.foreign = haveAttempts && !isHeadless;
  return row;
}

function addLog(row: Row, segment: Segment): void {
  row.L = [...row.L, ...segment.facts];
  for (const key of segment.keys) row.keys.add(key);
  if (segment.prompt !== undefined && !row.prompts.includes(segment.prompt)) row.prompts.push(segment.prompt);
}

function withSnapshot(rows: readonly Row[], segments: readonly Segment[]): Row[] {
  const pairs = alignInOrder(segments, rows, scorerOf(segments, rows));
  const joined: Row[] = [];
  let nextRow = 0;
  segments.forEach((segment, index) => {
    const pair = pairs[index];
    if (pair !== undefined) {
      joined.push(...rows.slice(nextRow, pair + 1));
      nextRow = pair + 1;
      const row = rows[pair];
      if (row !== undefined) row.S = [...row.S, ...segment.facts];
      return;
    }
    const row = newRow(undefined, segment.prompt === undefined ? [] : [segment.prompt], []);
    row.S = segment.facts;
    joined.push(row);
  });
  return [...joined, ...rows.slice(nextRow)];
}
