/**
 * What several commands of `pnpm chaos` have in common: options, what their values may be, and misuse.
 */
import { cpus } from "node:os";
import { InvalidArgumentError, Option } from "commander";
import { type FaultName, faultNames } from "./fault/index.ts";
import { diskModels } from "./memory/crashes.ts";
import type { DiskModel } from "./memory/power.ts";

/** The user asked for something that cannot be: exit code 2. */
export class Misuse extends Error {}

/** An expected failure whose message is made for the user. */
export const asMisuse = (error: Error): never => {
  throw new Misuse(error.message);
};

/** A parser of whole numbers within bounds, both included. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** `90s`, `2m`, `1h` or a number of seconds, in milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? "s"];
  if (match === null || factor === undefined)
    throw new InvalidArgumentError('Give a time such as "90s", "2m" or "1h".');
  return Number(match[1]) * factor;
}

export function faultList(text: string): FaultName[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !faultNames.some((known) => known === name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no fault "${wrong}"; known: ${faultNames.join(", ")}.`);
  return faultNames.filter((known) => names.includes(known));
}

export function modelList(text: string): DiskModel[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !diskModels.some((known) => known === name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no disk model "${wrong}"; known: ${diskModels.join(", ")}.`);
  return diskModels.filter((known) => names.includes(known));
}

export const seed = new Option(
  "--seed <number>",
  "draw the plans from this seed (printed; random by default)",
).argParser(wholeNumber(0, 0x7fffffff));
export const workers = new Option("--workers <number>", "runs side by side")
  .argParser(wholeNumber(1, 64))
  .default(cpus().length + 1, "one a core, and one for while they wait");

export const checkout = new Option(
  "--checkout <dir>",
  "an existing, installed checkout of the subject's source, for subjects that run one; it is never changed",
);
