/**
 * A log of JSON lines as a cut (source L): the part that is the same for every agent.
 *
 * Always: a vendor's decoder sees each record once and says what it means; texts that nobody needs whole are
 * shortened, so that a session with a huge result stays a session that can be read.
 */
import type { ByteRange } from "../model/cite.ts";
import type { Abilities, SourceCut } from "../model/evidence.ts";
import type { Damage, Fact, FactBody } from "../model/fact.ts";
import type { Files } from "../model/ports.ts";
import { shortenResult } from "../model/result.ts";
import type { LineRecord } from "./lines.ts";
import { type IsRecord, scanLines } from "./resume-lines.ts";

export type RecordValue = Readonly<Record<string, unknown>>;

/** Reads a log; `decode` is called per record in order and may keep what it needs for itself. */
export async function readLogCut(
  files: Files,
  path: string,
  abilities: Abilities,
  isLine: IsRecord,
  decode: (record: LineRecord) => readonly FactBody[],
): Promise<SourceCut> {
  const facts: Fact[] = [];
  const scan = await scanLines(files, path, isLine, (record) => {
    facts.push(...factsOf(path, record.range, decode(record)));
  });
  const cut = { source: "L", path, abilities } as const;
  if (scan.status === "missing") return { ...cut, status: "missing", facts: [], damage: [] };
  if (scan.status === "read") return { ...cut, status: "read", facts, damage: scan.damage };
  const damage: Damage = {
    code: "log-unreadable",
    path,
    range: { fromByte: 0, toByte: 0 },
    detail: scan.why,
  };
  return { ...cut, status: "unreadable", facts: [], damage: [damage] };
}

/** Facts of one record of a log. */
export function factsOf(path: string, range: ByteRange, bodies: readonly FactBody[]): Fact[] {
  return bodies.map((body, k) => ({ source: "L", path, range, k, body: bounded(body, path, range) }));
}

function bounded(body: FactBody, path: string, range: ByteRange): FactBody {
  if (body.kind !== "result") return body;
  const where = `The whole text is in ${path}, bytes ${range.fromByte} to ${range.toByte}.`;
  const content = shortenResult(body.content, where);
  return content === body.content ? body : { ...body, content, cut: true };
}

/** A log that was looked for and is not there. */
export function missingLog(abilities: Abilities): SourceCut {
  return { source: "L", status: "missing", abilities, facts: [], damage: [] };
}
