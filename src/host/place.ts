/** Where this process is: its working folder, its environment, and its stderr for the operator. */
import { resolve } from "node:path";
import process from "node:process";

export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An absolute path, taken from the working folder where it is relative. */
  absolute(path: string): string;
  complain(line: string): void;
}

export function hostPlace(): Place {
  return {
    env: process.env,
    absolute: (path) => resolve(path),
    complain: (line) => void process.stderr.write(`${line}\n`),
  };
}
