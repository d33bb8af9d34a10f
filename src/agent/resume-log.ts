/**
 * A log of JSON lines as a cut (source L): the part that is the same for every agent.
 *
 * Always: a vendor's decoder sees each record once and says what it means; a huge result is shortened, and of a huge
 * log only the newer texts are kept whole, so that both stay sessions that can be read.
 */
import type { ByteRange } from "../model/cite.ts";
import type { Abilities, SourceCut } from "../model/evidence.ts";
import type { Damage, Fact, FactBody } from "../model/fact.ts";
import type { Files } from "../model/ports.ts";
import { resultCharsMax, shortenResult } from "../model/result.ts";
import { ClockWatch, oddIn } from "./clock-watch.ts";
import type { FactKeeper } from "./keep.ts";
import { KeptFacts } from "./kept-facts.ts";
import type { LineRecord } from "./lines.ts";
import { type IsRecord, scanLines } from "./resume-lines.ts";

export type RecordValue = Readonly<Record<string, unknown>>;

/**
 * Reads a log; `decode` is called per record in order and may keep what it needs for itself. A `keeper` decides instead
 * of this module what of a huge log is kept.
 */
export async function readLogCut(
  files: Files,
  path: string,
  abilities: Abilities,
  isLine: IsRecord,
  decode: (record: LineRecord) => readonly FactBody[],
  keeper?: FactKeeper,
): Promise<SourceCut> {
  const kept = keeper ?? new KeptFacts();
  const clock = new ClockWatch(path);
  const scan = await scanLines(files, path, isLine, (record) => {
    clock.take(record.value.timestamp, record.range);
    kept.add(factsOf(path, record.range, decode(record)));
  });
  const cut = { source: "L", path, abilities } as const;
  if (scan.status === "missing") return { ...cut, status: "missing", facts: [], damage: [] };
  if (scan.status === "read") {
    const odd = oddIn(clock.oddities);
    return { ...cut, status: "read", facts: kept.facts, damage: scan.damage, ...odd };
  }
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
  // Nearly all are short, and a sentence about each is dear.
  if (body.kind !== "result" || body.content.length <= resultCharsMax) return body;
  const where = `The whole text is in ${path}, bytes ${range.fromByte} to ${range.toByte}.`;
  const content = shortenResult(body.content, where);
  return content === body.content ? body : { ...body, content, cut: true };
}

/** A log that was looked for and is not there. */
export function missingLog(abilities: Abilities): SourceCut {
  return { source: "L", status: "missing", abilities, facts: [], damage: [] };
}
