/**
 * Mutants that no test can tell from the code, and why. Found by file and by what stands on their line, so that a line
 * that moves keeps its reason and one that changes loses it.
 */
export interface Equivalent {
  readonly file: string;
  /** Part of the source line. */
  readonly line: string;
  /** The replacements that are meant; all on that line if left out. */
  readonly mutants?: readonly string[];
  readonly reason: string;
}

export const equivalents: readonly Equivalent[] = [];
