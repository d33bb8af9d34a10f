/**
 * A seeded bug: a way in which an orchestrator of this kind has really been wrong, put into ours by a small patch.
 *
 * Always: it exists in builds of its own only; a patch that no longer fits its source fails the build; running the
 * patched code leaves a mark, so that "found" is never luck of a bug that was not there.
 */
import type { SourcePatch } from "../launch/patch.ts";

/** The twelve classes of failure that users report. */
export const bugClasses = {
  A: "still running after the worker is gone",
  B: "dangling calls break or falsify a resume",
  C: "torn or corrupt records",
  D: "history silently lost",
  E: "side effects repeated or lost by recovery",
  F: "orphans and second writers",
  G: "reused identities and stale claims",
  H: "identity and place lost",
  I: "accepted work lost",
  J: "gaps and repeats on reconnect",
  K: "snapshot against record",
  L: "crash loops and repeated recovery",
} as const;

export type BugClass = keyof typeof bugClasses;

export interface Bug {
  /** Lower-case words joined by hyphens. */
  readonly id: string;
  readonly class: BugClass;
  /** What a person would meet, in one sentence. */
  readonly story: string;
  /** The public report it is modelled on, or the commit of this project in which it was mended. */
  readonly like: string;
  /** The commit that mended it, where it was a defect of this project that the harness found. */
  readonly mendedIn?: string;
  /** Promises of which at least one must be seen broken. */
  readonly expected: readonly string[];
  /** Where a patch says {@link reached}, running it leaves the mark. */
  readonly patches: readonly SourcePatch[];
}

/** An expression; put it where the bug is. */
export const reached = "(globalThis as { holdfastReached?: () => void }).holdfastReached?.()";
