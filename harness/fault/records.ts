/**
 * Records of a file, in whatever format: where each one is, and what it is.
 *
 * Always: a record is a line, and its bytes alone say what it is. Nothing is parsed: damaged lines are records too.
 */
import type { Damage } from "../plan/plan.ts";

export interface FileRecord {
  readonly fromByte: number;
  readonly toByte: number;
}

/** Records are lines; a file without newlines (a JSON snapshot) is one record. */
export function recordsOf(bytes: Uint8Array): FileRecord[] {
  const records: FileRecord[] = [];
  let fromByte = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== 0x0a && at !== bytes.length - 1) continue;
    if (at + 1 > fromByte) records.push({ fromByte, toByte: at + 1 });
    fromByte = at + 1;
  }
  return records;
}

/** In any of the formats: `"type":"tool.call"` of the agent's, `\t"dispatch"\t` of the journal. */
export function kindOf(line: string): string | undefined {
  const kind = /"type":"([\w.-]+)"|\t"([\w-]+)"\t\{/.exec(line);
  return kind?.[1] ?? kind?.[2];
}

/** Plan session that a record tells of, by the ids that the subject gave; undefined where it names none. */
export function sessionIn(line: string, sessionIds: readonly (string | undefined)[]): number | undefined {
  const session = sessionIds.findIndex((id) => id !== undefined && line.includes(id));
  return session < 0 ? undefined : session;
}

/**
 * The record that the plan means: by what it is where the plan says that and there is such a one, else by its number.
 * Both are counted from the end, since the last records are those a crash is about.
 */
export function recordMeant(
  bytes: Uint8Array,
  { record, is }: Pick<Damage, "record" | "is">,
  sessionIds: readonly (string | undefined)[],
): FileRecord | undefined {
  const all = recordsOf(bytes);
  const isSuch = ({ fromByte, toByte }: FileRecord) => {
    const line = Buffer.from(bytes.subarray(fromByte, toByte)).toString("latin1");
    return kindOf(line) === is?.kind && sessionIn(line, sessionIds) === is?.session;
  };
  const such = is === undefined ? [] : all.filter(isSuch);
  return is !== undefined && such.length > 0 ? fromEnd(such, is.nth) : fromEnd(all, record);
}

function fromEnd<T>(all: readonly T[], nth: number): T | undefined {
  return all[all.length - 1 - (nth % all.length)];
}
