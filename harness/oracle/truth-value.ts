/**
 * One answer to "does this class of divergence hold": yes, no, or maybe where the facts leave room.
 */

export type TruthValue = "yes" | "no" | "maybe";

export interface Truth {
  readonly is: TruthValue;
  /** In words, what makes it so. */
  readonly why: string;
  readonly callIds?: readonly string[];
}

export const no: Truth = { is: "no", why: "" };

/** The strongest of several truths. */
export function strongest(truths: readonly Truth[]): Truth {
  return truths.find(({ is }) => is === "yes") ?? truths.find(({ is }) => is === "maybe") ?? no;
}
