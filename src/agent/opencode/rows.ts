/**
 * Rows of opencode's database: sessions of a project, and one session with its messages and parts.
 *
 * Always: a row that is damaged costs itself; what could be read before a damaged page is kept. Only real tables are
 * read: a view or a virtual table of the same name is not run.
 */

import type { ByteRange } from "../../model/cite.ts";
import { citeValue } from "../../model/cite.ts";
import type { Damage } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { type Cell, type Database, IoError } from "../../model/ports.ts";
import { parse } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import type { StoredMessage } from "./sent.ts";

/** A part at its place. For a database a range counts rows: `[rowid, rowid + 1)`. */
export interface PartRow {
  readonly part: RecordValue;
  readonly range: ByteRange;
  readonly row: string;
}

export interface MessageRow extends StoredMessage {
  readonly rows: readonly PartRow[];
  readonly row: string;
}

export interface SessionRows {
  readonly session: Row | undefined;
  readonly messages: readonly MessageRow[];
  readonly damage: readonly Damage[];
}

type Row = Readonly<Record<string, Cell>>;

/** Ids of the sessions whose folder is `cwd`; what cannot be read is left out. */
export function sessionsOf(database: Database, cwd: string): string[] {
  const ids: string[] = [];
  try {
    if (!isTable(database, "session")) return [];
    database.rows("SELECT id FROM session WHERE directory = ? ORDER BY time_created, id", [cwd], ({ id }) => {
      if (typeof id === "string") ids.push(id);
    });
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
  }
  return ids;
}

/** Everything of one session. */
export function sessionRows(database: Database, id: string, path: string): SessionRows {
  const damage: Damage[] = [];
  const read = (sql: string, table: string): Row[] => {
    const rows: Row[] = [];
    try {
      if (!isTable(database, table)) throw new IoError("SQLITE", table, "no such table");
      database.rows(sql, [id], (row) => rows.push(row));
    } catch (thrown) {
      if (!(thrown instanceof IoError)) throw thrown;
      const detail = `The table ${table} could be read only in part: ${rows.length} rows of this session`;
      damage.push({ code: "corrupt-middle", path, range: { fromByte: 0, toByte: 0 }, detail });
    }
    return rows;
  };
  const [session] = read("SELECT id, version, directory FROM session WHERE id = ?", "session");
  const messages = read(
    "SELECT rowid AS row, id, data FROM message WHERE session_id = ? ORDER BY time_created, id",
    "message",
  );
  const parts = partsByMessage(
    read("SELECT rowid AS row, message_id, data FROM part WHERE session_id = ? ORDER BY id", "part"),
    path,
    damage,
  );
  if (hasTable(database, "event")) {
    const sequence = read("SELECT seq FROM event WHERE aggregate_id = ? ORDER BY seq", "event");
    damage.push(...gapsIn(sequence, path));
  }
  return { session, damage, messages: messages.flatMap((row) => messageOf(row, parts, path, damage)) };
}

function messageOf(row: Row, parts: Map<string, PartRow[]>, path: string, damage: Damage[]): MessageRow[] {
  const place = placeOf(row, "message");
  const data = dataOf(row);
  if (typeof row.id !== "string") return [];
  const rows = parts.get(row.id) ?? [];
  if (data === undefined) damage.push(badRow(place, path));
  const known = data ?? {};
  return [{ id: row.id, data: known, rows, parts: rows.map(({ part }) => part), row: place.row }];
}

function partsByMessage(rows: readonly Row[], path: string, damage: Damage[]): Map<string, PartRow[]> {
  const parts = new Map<string, PartRow[]>();
  for (const row of rows) {
    const place = placeOf(row, "part");
    const part = dataOf(row);
    const owner = String(row.message_id);
    if (part === undefined) damage.push(badRow(place, path));
    else parts.set(owner, [...(parts.get(owner) ?? []), { part, ...place }]);
  }
  return parts;
}

function placeOf({ row }: Row, table: string): { readonly range: ByteRange; readonly row: string } {
  const rowid = typeof row === "number" && Number.isSafeInteger(row) ? row : 0;
  return { range: { fromByte: rowid, toByte: rowid + 1 }, row: `${table} ${rowid}` };
}

function badRow({ range, row }: { range: ByteRange; row: string }, path: string): Damage {
  return { code: "corrupt-middle", path, range, detail: `The row ${row} holds no JSON object` };
}

function dataOf({ data }: Row): RecordValue | undefined {
  const value = typeof data === "string" ? parse(data) : undefined;
  return isRecord(value) ? value : undefined;
}

/** Events of a session are counted 0, 1, 2 … without a gap. */
function gapsIn(rows: readonly Row[], path: string): Damage[] {
  let expected = 0;
  return rows.flatMap(({ seq }): Damage[] => {
    if (typeof seq !== "number") return [];
    const gap = seq - expected;
    const range = { fromByte: expected, toByte: seq };
    expected = seq + 1;
    if (gap <= 0) return [];
    return [{ code: "seq-gap", path, range, detail: `${gap} events are missing before event ${seq}` }];
  });
}

/** Older databases have no events. */
function hasTable(database: Database, name: string): boolean {
  try {
    return isTable(database, name);
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return false;
  }
}

function isTable(database: Database, name: string): boolean {
  let isThere = false;
  database.rows("SELECT type, sql FROM sqlite_schema WHERE name = ?", [name], ({ type, sql }) => {
    isThere ||= type === "table" && /^\s*CREATE\s+TABLE\b/i.test(citeValue(String(sql)));
  });
  return isThere;
}
