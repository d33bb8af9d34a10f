/**
 * Ada's own session store, written as Ada writes it: one append per log record, a plain overwrite per snapshot.
 *
 * Always: each write is bracketed in the ledger with the bytes it covers. Never: no sync, no rename, no lock.
 */
import path from "node:path";
import type { AgentStore } from "./dialect.ts";
import type { Ledger } from "./ledger-writer.ts";
import { type AgentMachine, randomUuid } from "./machine.ts";

export interface Snapshot {
  readonly messages: readonly unknown[];
  readonly [field: string]: unknown;
}

/** What a record or snapshot is in the ledger. */
export interface RecordMark {
  readonly event: string;
  readonly step?: string;
  readonly callId?: string;
}

const sessionIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A longer result is cut in the log; the stream and the snapshot have it whole. */
const loggedCharsMax = 2_000;

export class AdaStore implements AgentStore {
  readonly #logPath: string;
  readonly #snapshotPath: string;
  readonly #sessionId: string;
  readonly #ledger: Ledger;
  readonly #machine: AgentMachine;

  /** `folder`: name of the store in the working folder; Ada's own by default. */
  constructor(
    cwd: string,
    sessionId: string,
    ledger: Ledger,
    machine: AgentMachine,
    folder: string = ".coding-agent",
  ) {
    const dir = path.join(cwd, folder);
    this.#sessionId = sessionId;
    this.#ledger = ledger;
    this.#machine = machine;
    this.#logPath = path.join(dir, "events", `${sessionId}.jsonl`);
    this.#snapshotPath = path.join(dir, "sessions", `${sessionId}.json`);
  }

  /** False for anything that must not become a file name. */
  static isSessionId(text: string): boolean {
    return sessionIdPattern.test(text);
  }

  /** The snapshot, or undefined when it is missing or unreadable. */
  readSnapshot(): Snapshot | undefined {
    try {
      const value = JSON.parse(this.#machine.readText(this.#snapshotPath));
      return Array.isArray(value?.messages) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  writeSnapshot(mark: RecordMark, snapshot: Snapshot): void {
    const text = JSON.stringify(snapshot, undefined, 2);
    this.#bracketed("snapshot", "snapshot", mark, this.#snapshotPath, 0, text, (file) =>
      this.#machine.writeText(file, text),
    );
  }

  /** Appends one record to the log. */
  log(mark: RecordMark, type: string, data: Readonly<Record<string, unknown>>): void {
    const record = {
      id: randomUuid(this.#machine),
      sessionId: this.#sessionId,
      timestamp: this.#machine.timestamp(),
      type,
      data:
        typeof data.content === "string" ? { ...data, content: data.content.slice(0, loggedCharsMax) } : data,
    };
    const from = this.#machine.sizeOf(this.#logPath);
    const line = `${JSON.stringify(record)}\n`;
    this.#bracketed("log", type, mark, this.#logPath, from, line, (file) =>
      this.#machine.appendText(file, line),
    );
  }

  #bracketed(
    role: "log" | "snapshot",
    type: string,
    mark: RecordMark,
    file: string,
    fromByte: number,
    text: string,
    act: (file: string) => void,
  ): void {
    this.#machine.makeFolder(path.dirname(file));
    const length = Buffer.byteLength(text);
    const entry = { kind: "store" as const, role, type, ...mark, path: file };
    this.#ledger.add({ ...entry, phase: "begin", fromByte, toByte: fromByte + length });
    act(file);
    // Another agent may have appended in between: after the write, the end of the file is the better guess.
    const toByte = this.#machine.sizeOf(file);
    this.#ledger.add({ ...entry, phase: "done", fromByte: Math.max(0, toByte - length), toByte });
  }
}
