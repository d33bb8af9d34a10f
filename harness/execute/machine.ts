/**
 * What the driver of a run needs of the machine, so that the same driver runs plans on processes and in memory.
 *
 * Always: a process is signalled only while pid and start time are those it was known by.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { type LedgerEntry, parseLedger } from "../ledger.ts";
import { type Identity, killTree, signalProcess, startTimeOf } from "./processes.ts";
import { type Starvation, starvationOf } from "./starvation.ts";

export interface Machine {
  /** CLOCK_MONOTONIC in nanoseconds, the same clock as in the ledgers. */
  monotonic(): string;
  /** Milliseconds, for limits only. */
  nowMs(): number;
  /** Calls back once after `ms` unless cancelled. */
  after(ms: number, callback: () => void): { cancel(): void };
  /** `bytes` random bytes as lower-case hex. */
  randomHex(bytes: number): string;
  randomUuid(): string;
  startTimeOf(pid: number): Promise<string | undefined>;
  /** How long a process had no processor; left out where nothing can lack one. */
  starvationOf?(pid: number): Promise<Starvation | undefined>;
  signal(identity: Identity, signal: NodeJS.Signals): Promise<boolean>;
  killTree(root: Identity): Promise<void>;
  /** undefined when the file is missing; not to be changed, since others may be given the same. */
  readFile(path: string): Promise<Buffer | undefined>;
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  truncate(path: string, length: number): Promise<void>;
  /** Empty when the folder is missing. */
  names(folder: string): Promise<string[]>;
  /** What an agent has written about itself so far; a last line cut by a kill is left out. */
  ledger(path: string): Promise<readonly LedgerEntry[]>;
}

/**
 * Files are read synchronously: what a cut looks at is small and in memory, and to hand each of its many calls to
 * another thread costs several times what the call does.
 */
export function realMachine(): Machine {
  const read = async (path: string) => orUndefined(() => readFileSync(path));
  return {
    monotonic: () => process.hrtime.bigint().toString(),
    nowMs: () => Date.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return { cancel: () => clearTimeout(timer) };
    },
    randomHex: (bytes) => randomBytes(bytes).toString("hex"),
    randomUuid: () => randomUUID(),
    startTimeOf,
    starvationOf: async (pid) => starvationOf(pid),
    signal: signalProcess,
    killTree,
    readFile: read,
    writeFile: (path, bytes) => writeFile(path, bytes),
    truncate: (path, length) => truncate(path, length),
    names: async (folder) => orUndefined(() => readdirSync(folder)) ?? [],
    ledger: async (path) => parseLedger((await read(path))?.toString("utf8") ?? ""),
  };
}

/** Only what is missing is nothing: a witness that cannot be read is no witness that saw nothing. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
