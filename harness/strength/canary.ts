/**
 * The rotating canary: each campaign draws one seeded bug of the catalogue, by its seed, and must find it.
 *
 * The fixed canaries are easy to see; this one is subtle, so that a harness that has gone blind in one place is
 * noticed by some campaign. Always: the same seed draws the same bug and comes to the same. Only where there is a
 * catalogue, and time enough: what was cut short is told as such, and is no failure.
 */
import { createRequire } from "node:module";
import type { hunt } from "./hunter.ts";

/** A bug drawn and built. */
export interface Mutant {
  readonly id: string;
  /** Path of the hunter, bundled with the orchestrator that carries the bug as a module of CommonJS. */
  readonly file: string;
}

/** What came of hunting it. */
export interface MutantEnd {
  readonly id: string;
  /** `cut short`: the time was over first. */
  readonly end: "found" | "lived" | "cut short";
  readonly runs: number;
}

/** More than any bug of the catalogue has ever needed, by far. */
const runsMaxDefault = 400;

/** Hunts it in this process until it is found, `isOver` says so, or there were enough runs. */
export async function huntMutant(
  { id, file }: Mutant,
  seed: number,
  isOver: () => boolean,
  runsMax = runsMaxDefault,
): Promise<MutantEnd> {
  // A bundle has no import of a name that is known only now; this loads the module in every kind of program.
  const module = createRequire(file)(file) as { readonly hunt: typeof hunt };
  const { caught, runs } = await module.hunt({ chooser: "ours", seed, runsMax, isOver });
  if (caught !== undefined) return { id, end: "found", runs: caught.run };
  return { id, end: runs < runsMax ? "cut short" : "lived", runs };
}
