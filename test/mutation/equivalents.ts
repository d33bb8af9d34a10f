/**
 * Mutants that no test can tell from the code, and why. Found by file and by what stands on their line, so that a line
 * that moves keeps its reason and one that changes loses it.
 */
import * as recovery from "./equivalents-recovery.ts";

export interface Equivalent {
  readonly file: string;
  /** Part of the source line. */
  readonly line: string;
  /** The replacements that are meant; all on that line if left out. */
  readonly mutants?: readonly string[];
}

const guard: readonly Equivalent[] = [
  { file: "reconcile/budget.ts", line: "if (first === undefined || last === undefined ||" },
  { file: "reconcile/call.ts", line: "if (draft === undefined) return [];" },
  { file: "reconcile/call.ts", line: "board.byId.get(draft.id)?.length ?? 1" },
  { file: "reconcile/call.ts", line: 'body.kind === "result" && body.callId === callId', mutants: ["true"] },
  { file: "reconcile/call.ts", line: 'if (body.kind !== "result") return;' },
  { file: "reconcile/calls.ts", line: "if (first === undefined || !isOver || !isOpen)", mutants: ["false"] },
  { file: "reconcile/calls.ts", line: "if (call.paired || result === undefined)", mutants: ["false"] },
  { file: "reconcile/calls.ts", line: "if (first === undefined || second === undefined" },
  { file: "reconcile/calls.ts", line: "told.length === 0 || best === undefined", mutants: ["false"] },
  { file: "reconcile/case.ts", line: "callsByTurn.get(one.call.turn)?.push(one)" },
  { file: "reconcile/case.ts", line: "one.callsByTurn.get(turn)?.map(({ call }) => call) ?? []" },
  { file: "reconcile/case.ts", line: "turn === undefined ? undefined : endOf(turn, own)" },
  { file: "reconcile/coverage.ts", line: "if (!turn.foreign || first === undefined)", mutants: ["false"] },
  { file: "reconcile/coverage.ts", line: "(one.callsByTurn.get(turn) ?? [])" },
  { file: "reconcile/effects.ts", line: "proof === undefined || probe === undefined ||", mutants: ["false"] },
  { file: "reconcile/effects.ts", line: "orphan === undefined || first === undefined", mutants: ["false"] },
  { file: "reconcile/judge.ts", line: "if (best === undefined) return {};" },
  {
    file: "reconcile/life.ts",
    line: "isLatest ? ended?.cite : latest?.dispatchCite",
    mutants: ["ended.cite"],
  },
  { file: "reconcile/life.ts", line: "const prompt = first === undefined ? undefined :" },
  { file: "reconcile/life.ts", line: "if (first === undefined || prompt === undefined)" },
  { file: "reconcile/place.ts", line: "value !== first?.value" },
  { file: "reconcile/place.ts", line: "if (first === undefined || other === undefined)", mutants: ["false"] },
  { file: "reconcile/recovery.ts", line: 'twice.has(places[index] ?? "")' },
  {
    file: "reconcile/superseded.ts",
    line: "(one.callsByTurn.get(turn) ?? [])",
    mutants: ['["Stryker was here"]'],
  },
  { file: "journal/history.ts", line: "(await files.list(folder)) ?? []" },
  { file: "journal/journal.ts", line: "if (place !== undefined) one.place = place;" },
  { file: "journal/fence.ts", line: "statNow?.(next)", mutants: ["statNow(next)"] },
  { file: "journal/journal.ts", line: "invariant(place !== undefined" },
  { file: "journal/sync-others.ts", line: "file.renew?.(fromByte)", mutants: ["file.renew(fromByte)"] },
  { file: "journal/lines.ts", line: "whole.length === 0 ? [] : [whole]" },
  { file: "journal/read.ts", line: "file.readNow?.(fromByte, toByte)" },
  { file: "reconcile/recovery.ts", line: "call.turn === undefined ? {}", mutants: ["false"] },
  { file: "journal/record.ts", line: 'const [whole, crcText = "", lengthText = ""] = match' },
  { file: "journal/segment.ts", line: "joins && last !== undefined", mutants: ["true"] },
  { file: "journal/spool-line.ts", line: "end === undefined ? undefined : decodeStrictly" },
  { file: "journal/take-over.ts", line: "first === undefined ? [] : [ownRecord(first, data)]" },
  { file: "journal/take-over.ts", line: "(await files.list(folder)) ?? []" },
];

const saving: readonly Equivalent[] = [
  { file: "reconcile/calls.ts", line: "if (variants < 2) continue;" },
  { file: "reconcile/life.ts", line: "if (turn.interleaved.length === 0) return [];" },
  { file: "journal/crc32.ts", line: "at < end; at += 4" },
  { file: "journal/history.ts", line: "now.sizeBytes !== bytes" },
  { file: "journal/history.ts", line: "return replaced.size === 0" },
  { file: "journal/read-segment.ts", line: "bytes.length > smallBytes" },
  { file: "journal/read-segment.ts", line: "async function inMemory" },
  {
    file: "journal/read-segment.ts",
    line: "cover.toByte === seal.bytes && cover.crc === seal.crc",
    mutants: ["true"],
  },
  { file: "journal/draft.ts", line: "lineBytesAtMost(draft) > recordBytesMax &&" },
  { file: "journal/journal.ts", line: "one.source === undefined || isAnswered", mutants: ["false"] },
  { file: "journal/journal.ts", line: "const isAnswered = one.place !== undefined;", mutants: ["false"] },
  { file: "journal/journal.ts", line: "while (this.#isSyncDue && this.#unsynced.length > 0 &&" },
  { file: "journal/journal.ts", line: "this.#isSyncDue = false;" },
  { file: "journal/lines.ts", line: "if (at < chunk.length) this.#keep(" },
  { file: "journal/lines.ts", line: "this.#pieces.length === 0 && !this.#oversized" },
  { file: "journal/lines.ts", line: "if (!simple) this.#keep(last);" },
  { file: "journal/lines.ts", line: "if (kept.length === 0) return;" },
  { file: "journal/lines.ts", line: "this.#pieces = [this.#joined().slice(0, headBytesMax)];" },
  { file: "journal/lines.ts", line: "only !== undefined && this.#pieces.length === 1" },
  { file: "journal/record.ts", line: "Math.min(bytes.length, at + headBytesMax)" },
  { file: "journal/spool-line.ts", line: 'shown.startsWith("{") && seam.test(shown)' },
  { file: "journal/spool-line.ts", line: "if (bytes[from] !== openBrace) return undefined;" },
  { file: "journal/spool-line.ts", line: "if (end === undefined || text === undefined ||" },
  { file: "journal/spool.ts", line: "if (piece.length > 0) take(piece);" },
  { file: "journal/writer.ts", line: "cover.toByte === this.#good.bytes &&", mutants: ["true"] },
];

const noMatch: readonly Equivalent[] = [
  { file: "reconcile/call.ts", line: "const order: string[] = [];" },
  { file: "reconcile/call.ts", line: 'if (body.kind !== "announced" ||', mutants: ['["Stryker was here"]'] },
  {
    file: "reconcile/coverage.ts",
    line: "{body.callId}` : ",
    mutants: ["true", '"Stryker was here!"'],
  },
  { file: "reconcile/coverage.ts", line: 'if (body.kind === "text") texts.set(', mutants: ["true"] },
  { file: "reconcile/superseded.ts", line: "if (earlier !== undefined) links.set(", mutants: ["true"] },
  { file: "journal/history.ts", line: "records.map((record) => record.replaces).filter(" },
  { file: "journal/history.ts", line: "const covered = options.covered ?? [];" },
  { file: "reconcile/superseded.ts", line: "waiting.get(sameness) ?? []", mutants: ['["Stryker was here"]'] },
  { file: "reconcile/superseded.ts", line: "groups.get(judged.call.sameness) ?? []" },
  { file: "journal/replace.ts", line: "(await files.list(folder)) ?? []" },
];

const implied: readonly Equivalent[] = [
  { file: "reconcile/call.ts", line: "canonicalJson([name, null])", mutants: ["[]"] },
  {
    file: "reconcile/recovery.ts",
    line: "attempts.length === 0 && one.turns.length === 0",
    mutants: ["true"],
  },
  {
    file: "reconcile/recovery.ts",
    line: 'effect === "running" && marks.includes("orphan")',
    mutants: ["true"],
  },
  { file: "reconcile/stores.ts", line: 'source === "O" ? facts[0]?.attempt', mutants: ["true"] },
  { file: "reconcile/stores.ts", line: '? "the agent\'s snapshot" : "the journal"', mutants: ["true"] },
  { file: "reconcile/place.ts", line: 'fact.body.kind === "session" ? (fact.body', mutants: ["true"] },
  {
    file: "reconcile/life.ts",
    line: "range.fromByte < fact.range.fromByte",
    mutants: ["range.fromByte <= fact.range.fromByte"],
  },
  { file: "reconcile/coverage.ts", line: "left.k - right.k", mutants: ["left.k + right.k"] },
  { file: "journal/journal.ts", line: "#isSyncDue = false;" },
  { file: "journal/journal.ts", line: "this.#pump === undefined && this.#syncing === undefined &&" },
  {
    file: "journal/journal.ts",
    line: "if (this.#unsynced.length === 0 || this.#failure !== undefined) return;",
  },
  { file: "journal/journal.ts", line: "if (one.source === undefined) one.answer(", mutants: ["true"] },
  { file: "journal/record.ts", line: "i < headEnd; i++" },
  { file: "journal/read.ts", line: "file.readNow !== undefined &&", mutants: ["true"] },
  { file: "journal/record.ts", line: 'typeJson = "", dataJson = ""' },
  { file: "journal/snapshot.ts", line: "([0-9a-f]{8})" },
  { file: "journal/snapshot.ts", line: 'const [coversJson = "", stateJson = ""]' },
  { file: "journal/sequence.ts", line: "if (n < highest) {", mutants: ["n <= highest"] },
  { file: "journal/segment.ts", line: "byte === 0 && bytes[i + 1] === 0", mutants: ["i - 1"] },
  { file: "journal/spool-line.ts", line: "end < bytes.length && (bytes[end] === 0) === nul" },
  { file: "journal/spool-line.ts", line: "i < bytes.length" },
];

const unused: readonly Equivalent[] = [
  { file: "journal/read-segment.ts", line: "() => Promise.resolve()" },
  { file: "journal/history.ts", line: "stamp" },
  { file: "journal/replace.ts", line: "catch(() => false)" },
  { file: "journal/crc32.ts", line: "i < 256" },
  { file: "journal/snapshot.ts", line: "if (crcText === undefined)", mutants: ["false"] },
  { file: "journal/record.ts", line: "} catch {" },
  { file: "journal/spool-line.ts", line: "} catch {" },
  { file: "journal/segment.ts", line: 'stop, toByte, "form")' },
  { file: "journal/take-over.ts", line: "options.covered === undefined ? {}", mutants: ["false"] },
];

/** Why, and which. */
export const equivalents: Readonly<Record<string, readonly Equivalent[]>> = {
  "A guard that the compiler asks for: what it keeps out does not come": [...guard, ...recovery.guard],
  "A saving: without it the same comes out, later or with more memory": [...saving, ...recovery.saving],
  "An entry that nothing asks for": [...noMatch, ...recovery.noMatch],
  "Implied by what stands around it": [...implied, ...recovery.implied],
  "A value that nobody looks at, or that says the same": [...unused, ...recovery.unused],
};
