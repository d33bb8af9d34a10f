/**
 * This process as a program: arguments, environment, signals, output, exit.
 */
import process from "node:process";
import { errorCode } from "./io.ts";

export interface Program {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working folder, absolute. */
  readonly cwd: string;
  /** Is what is printed read at a terminal? */
  readonly isTerminal: boolean;
  /** Calls back at the first SIGTERM or SIGINT; until then this program stays, also when nobody reads what it prints. */
  onStop(callback: () => void): void;
  print(line: string): void;
  /** As {@link print}, without a newline. */
  write(text: string): void;
  complain(line: string): void;
  exit(code: number): never;
  /** As {@link exit}, when everything that was printed has been taken. A reader that went away ends the program at once. */
  end(code: number): Promise<never>;
}

/**
 * As many files can be synced at once; each sync holds a thread for as long as the disk takes. Read when the pool is first
 * used: in a program that was loaded as an ES module it may be too late, and the variable must be set from outside.
 */
const threads = "16";

export function hostProgram(): Program {
  process.env.UV_THREADPOOL_SIZE ??= threads;
  let staysUntilStopped = false;
  process.stdout.on("error", (error) => {
    // `holdfast … | head`: nobody reads on, which is no failure; a server is not there to be read.
    if (errorCode(error) !== "EPIPE") throw error;
    if (!staysUntilStopped) process.exit(0);
  });
  // Whoever read the complaints may be gone long before a server is.
  process.stderr.on("error", () => {});
  return {
    args: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    isTerminal: process.stdout.isTTY === true,
    onStop: (callback) => {
      staysUntilStopped = true;
      process.once("SIGTERM", callback);
      process.once("SIGINT", callback);
    },
    print: (line) => void process.stdout.write(`${line}\n`),
    write: (text) => void process.stdout.write(text),
    complain: (line) => void process.stderr.write(`${line}\n`),
    exit: (code) => process.exit(code),
    end: async (code) => {
      await new Promise<void>((resolve) => void process.stdout.write("", () => resolve()));
      return process.exit(code);
    },
  };
}
