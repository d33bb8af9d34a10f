/**
 * Writes one ledger file, and reads call ids from the ledgers of earlier agents of the same run.
 *
 * Always: one entry, one O_APPEND write; when `add` returns, the entry is in the file.
 */
import { openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import type { LedgerEntry } from "../ledger.ts";

type Untimed<Entry> = Entry extends LedgerEntry ? Omit<Entry, "t"> : never;

export type LedgerDraft = Untimed<LedgerEntry>;

/** Takes what an agent says about itself; when `add` returns, it is kept. */
export interface Ledger {
  add(draft: LedgerDraft): void;
}

export class LedgerWriter implements Ledger {
  readonly #fd: number;

  constructor(ledgerPath: string) {
    this.#fd = openSync(ledgerPath, "a");
  }

  add(draft: LedgerDraft): void {
    const { kind, ...rest } = draft;
    const entry = { kind, t: process.hrtime.bigint().toString(), ...rest };
    writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }
}

/** Ids under which steps were called, from the other ledgers beside `ledgerPath`, by step name. */
export function earlierCallIds(ledgerPath: string): Map<string, string[]> {
  const idsByStep = new Map<string, string[]>();
  const dir = path.dirname(ledgerPath);
  for (const name of readdirSync(dir)) {
    if (!name.endsWith(".jsonl") || name === path.basename(ledgerPath)) continue;
    for (const line of readFileSync(path.join(dir, name), "utf8").split("\n")) {
      const found = line.includes('"callId"') ? stepAndId(line) : undefined;
      if (found === undefined) continue;
      const ids = idsByStep.get(found.step) ?? [];
      if (!ids.includes(found.callId)) ids.push(found.callId);
      idsByStep.set(found.step, ids);
    }
  }
  return idsByStep;
}

function stepAndId(line: string): { step: string; callId: string } | undefined {
  try {
    const { step, callId } = JSON.parse(line);
    return typeof step === "string" && typeof callId === "string" ? { step, callId } : undefined;
  } catch {
    // An agent that is being written to right now: its last line is not whole yet.
    return undefined;
  }
}
