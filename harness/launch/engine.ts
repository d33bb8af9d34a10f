/**
 * How V8 is told to run a process that executes thousands of runs.
 *
 * A run in memory goes through some thousand functions, few of them often, and most as closures that are gone when it
 * ends. By its own measures V8 compiles them for speed too early (a third of all processor time went to that), and
 * throws the code away at each full collection, which young objects that outgrow a small nursery bring about.
 * Always: what runs is the same; only when it is compiled and collected changes.
 */
import { setFlagsFromString } from "node:v8";

/** For the command line: a run's world dies young, in a nursery that holds several. */
export const nurseryFlags = ["--min-semi-space-size=64", "--max-semi-space-size=64"] as const;

/** Bytes of bytecode that a function has run before it is compiled for speed: six times what V8 takes by itself. */
const budgetBytes = 400_000;

/** To be called once, before the first run. An engine that does not know the measure goes by its own. */
export function runForLong(): void {
  setFlagsFromString(`--interrupt-budget=${budgetBytes}`);
}
