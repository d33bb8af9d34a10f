/**
 * A session's record as entries: prompts, the agent's lines as they came, and what the hold recorded between them.
 *
 * Always: an entry has the same position in every life, so a host can note how far it came.
 */
import type { SpoolLine } from "../journal/index.ts";
import { HoldfastError } from "../model/error.ts";
import { comparePositions, type Position, parsePosition } from "../model/position.ts";
import type { Context } from "../session/context.ts";
import type { SessionState } from "../session/state.ts";
import { type StreamEvent, StreamReader } from "../session/stream.ts";
import { readStream } from "../session/view.ts";
import { nextChange } from "./output.ts";
import type { HoldEntry, Until } from "./types.ts";

/** Everything on record, up to and with a position. */
export async function readHistory(
  context: Context,
  session: SessionState,
  upTo: string | undefined,
): Promise<readonly HoldEntry[]> {
  const last = upTo === undefined ? undefined : cursorOf(session, upTo);
  const reader = readStream(context, session, undefined, asLine);
  const entries: HoldEntry[] = [];
  try {
    for (let next = await reader.next(); next.length > 0; next = await reader.next()) {
      for (const event of next) entries.push(entryOf(event));
      const at = parsePosition(entries.at(-1)?.position ?? "");
      if (last !== undefined && at !== undefined && comparePositions(at, last) > 0) break;
    }
  } finally {
    await reader.close();
  }
  return last === undefined ? entries : entries.filter((entry) => isUpTo(entry, last));
}

function isUpTo(entry: HoldEntry, last: Position): boolean {
  const at = parsePosition(entry.position);
  return at !== undefined && comparePositions(at, last) <= 0;
}

/** What is on record behind a position, then what comes, until something ends. */
export async function* followHistory(
  context: Context,
  session: SessionState,
  after: string | undefined,
  until: Until | undefined,
): AsyncGenerator<HoldEntry> {
  const reader = readStream(
    context,
    session,
    after === undefined ? undefined : cursorOf(session, after),
    asLine,
  );
  const end = endOf(until);
  try {
    while (!end.isOver() && !context.closing) {
      const changed = nextChange(context, session.id);
      try {
        const events = await reader.next();
        for (const event of events) yield entryOf(event);
        if (events.length === 0) await Promise.race([changed.happened, end.happened]);
      } finally {
        changed.cancel();
      }
    }
  } finally {
    end.cancel();
    await reader.close();
  }
}

function endOf(until: Until | undefined): {
  readonly happened: Promise<void>;
  isOver(): boolean;
  cancel(): void;
} {
  let over = until !== undefined && ("addEventListener" in until ? until.aborted : until.closed === true);
  let tell = () => {};
  const happened = new Promise<void>((resolve) => (tell = resolve));
  const leave = () => {
    over = true;
    tell();
  };
  if (over) leave();
  else if (until !== undefined && "addEventListener" in until) until.addEventListener("abort", leave);
  else until?.once("close", leave);
  const cancel = () => {
    if (until === undefined) return;
    if ("addEventListener" in until) until.removeEventListener("abort", leave);
    else until.off("close", leave);
  };
  return { happened, isOver: () => over, cancel };
}

/** @throws HoldfastError for a position that is not of this session's record. */
export function cursorOf(session: SessionState, text: string): Position {
  const position = parsePosition(text);
  if (position !== undefined && StreamReader.knows(session, position)) return position;
  throw new HoldfastError(
    "bad-argument",
    `"${text}" is no position in the record of this session. Use one that came with an entry of it, or none for the start.`,
  );
}

type Line = { readonly kind: "line"; readonly text: string; readonly unreadable?: string };

function asLine(line: SpoolLine): readonly Line[] {
  const { text, problem } = line;
  return [{ kind: "line", text, ...(problem === undefined ? {} : { unreadable: problem }) }];
}

function entryOf(event: StreamEvent): HoldEntry {
  const { id: position, attempt, type, ...body } = event;
  const at = { position, attempt };
  switch (type) {
    case "prompt":
      return { ...at, kind: "prompt", text: String(body.text) };
    case "line":
      return {
        ...at,
        kind: "line",
        text: String(body.text),
        ...(typeof body.unreadable === "string" ? { unreadable: body.unreadable } : {}),
      };
    case "hole":
      return {
        ...at,
        kind: "hole",
        range: body.range as { readonly fromByte: number; readonly toByte: number },
        why: String(body.why),
      };
    case "exited":
      return { ...at, kind: "exited", exitCode: typeof body.exitCode === "number" ? body.exitCode : null };
    case "run-ended":
      return { ...at, kind: "run-ended", state: String(body.state), reason: String(body.reason) };
    default:
      return { ...at, kind: "note", type, body };
  }
}
