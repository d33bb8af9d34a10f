/**
 * The machine under a fake agent that is a process of its own.
 */
import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  write,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { AgentMachine, StdoutPort } from "./machine.ts";

const fd = 1;

export function processMachine(): AgentMachine {
  const kind = kindOfStdout();
  return {
    stdout: { kind, write: (bytes) => (kind === "file" ? writeSync(fd, bytes) : writeAsync(bytes)) },
    readText: (path) => readFileSync(path, "utf8"),
    appendText: (path, text) => appendFileSync(path, text),
    writeText: (path, text) => writeFileSync(path, text),
    sizeOf: (path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    makeFolder: (path) => void mkdirSync(path, { recursive: true }),
    randomHex,
    timestamp: () => new Date().toISOString(),
    sleep: (ms) => new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve))),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return { cancel: () => clearTimeout(timer) };
    },
    complain: (line) => void process.stderr.write(`${line}\n`),
  };
}

/** Straight from the system: loading a crypto module would cost more than the rest of the start-up. */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const source = openSync("/dev/urandom", "r");
  try {
    if (readSync(source, buffer) !== bytes) throw new Error("/dev/urandom gave fewer bytes than asked for");
  } finally {
    closeSync(source);
  }
  return buffer.toString("hex");
}

/** A pipe is written asynchronously, so that an agent whose reader is frozen still notices that its harness went away. */
function writeAsync(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

/** Node hands children a socket pair where a shell hands them a pipe: both are a pipe to the agent. */
function kindOfStdout(): StdoutPort["kind"] {
  try {
    const stat = fstatSync(fd);
    if (stat.isFile()) return "file";
    return stat.isFIFO() || stat.isSocket() ? "pipe" : "other";
  } catch {
    return "other";
  }
}

/** What tells this process from a later one with the same pid; best effort outside Linux. */
export async function ownStartTime(): Promise<string> {
  if (process.platform === "linux") {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // The name in parentheses may hold anything; field 3 comes after the last one.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  }
  const { execFileSync } = await import("node:child_process");
  return execFileSync("ps", ["-o", "lstart=", "-p", String(process.pid)], { encoding: "utf8" }).trim();
}
