/**
 * What a fake agent needs of the machine it runs on, so that the same agent runs as a process and in memory.
 *
 * Always: file operations are done when they return. Never: nothing here decides anything.
 */

/** How the agent's stdout takes bytes. */
export interface StdoutPort {
  readonly kind: "file" | "pipe" | "other";
  /** Writes some of the bytes; returns how many. Throws, or rejects, with the system's error (`code`). */
  write(bytes: Uint8Array): number | Promise<number>;
}

export interface AgentMachine {
  readonly stdout: StdoutPort;
  /** Text of a file; throws when it is missing. */
  readText(path: string): string;
  /** One write at the end of the file, which is made when absent. */
  appendText(path: string, text: string): void;
  /** Plain overwrite: the file is emptied, then written. */
  writeText(path: string, text: string): void;
  /** 0 when the file is missing. */
  sizeOf(path: string): number;
  /** With its parents. */
  makeFolder(path: string): void;
  /** `bytes` random bytes as lower-case hex. */
  randomHex(bytes: number): string;
  /** Time of day, ISO 8601. */
  timestamp(): string;
  /** Also with 0 the agent's surroundings get their turn. */
  sleep(ms: number): Promise<void>;
  /** Calls back once after `ms` unless cancelled. */
  after(ms: number, callback: () => void): { cancel(): void };
  complain(line: string): void;
}

/** A random UUID, version 4. */
export function randomUuid(machine: Pick<AgentMachine, "randomHex">): string {
  const hex = machine.randomHex(16);
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4] ?? "8";
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
