/**
 * An agent at work, as something that can be read from, written to and signalled.
 *
 * Always: what `output` gives is on record; its end comes after the last recorded byte.
 */
import type { ProcessIdentity } from "./ports.ts";

export interface AgentSource {
  /** Of the agent itself; undefined until it is known. */
  identity(): ProcessIdentity | undefined;
  /** The next bytes of its stdout; undefined at the end. One call at a time. */
  output(): Promise<Uint8Array | undefined>;
  /** The next bytes of its stderr, as they came; undefined at the end. One call at a time. */
  errors(): Promise<Uint8Array | undefined>;
  /** False when nobody reads any more. */
  input(bytes: Uint8Array): Promise<boolean>;
  /** Puts on record that it was ended by the host, and signals it. */
  signal(name: "SIGTERM" | "SIGKILL" | "SIGINT"): Promise<boolean>;
  /** Lets go of what is read; the agent is left alone. */
  close(): Promise<void>;
  /** Resolves when its end is on record and judged. `exitCode` as the shell puts it: 128 + n after signal n. */
  readonly ended: Promise<{ readonly exitCode: number | null }>;
}
