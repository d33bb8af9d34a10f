/**
 * A fixture: what a real agent left behind, and what a person says follows from it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sent } from "../../src/agent/resume-types.ts";
import type { Disk } from "./memory.ts";

/** States by hand, in short notation. */
export interface Expected {
  readonly run: string;
  /** `id state effect modelKnows`; `modelKnows` is what follows from what is sent. */
  readonly calls: readonly string[];
  /** `code` or `code callId`. */
  readonly findings: readonly string[];
}

export interface Fixture {
  readonly name: string;
  readonly cwd: string;
  readonly home: string;
  readonly sessionId: string;
  /** Version that the store names. */
  readonly version: string | undefined;
  /** The store as it stands on the agent's disk. */
  readonly disk: Disk;
  /** File of the store whose records are damaged; none for a database, which is damaged by pages. */
  readonly logPath: string;
  /** For a store that is no log of lines: the store with a record removed, doubled, swapped, each in turn. */
  readonly variants?: () => Iterable<Disk>;
  readonly stdout: Uint8Array;
  /** What the agent was started with. */
  readonly prompt: string;
  /** What it was started with later; of these starts there is no stream. */
  readonly laterPrompts?: readonly string[];
  /** `role`, `role+` for an inserted text, `assistant id`, `tool id answer`. */
  readonly sent: readonly string[];
  /** What the agent really sent, in the same notation; undefined where nothing was recorded. */
  readonly reallySent: readonly string[] | undefined;
  /** With our record of the stream, the agent being dead. */
  readonly withStream: Expected;
  /** From the store alone. */
  readonly storeOnly: Expected;
  /** Per call id pieces of bytes of which one must be whole in some source before anybody may say "done". */
  readonly proofs: Readonly<Record<string, readonly string[]>>;
}

const root = join(import.meta.dirname, "../fixtures");

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(root, path)));
}

export function fixtureJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** The short notation of a history. */
export function notation(sent: readonly Sent[]): string[] {
  return sent.map(({ role, callId, answer, inserted }) =>
    [`${role}${inserted === true ? "+" : ""}`, callId, answer].filter((part) => part !== undefined).join(" "),
  );
}
