/**
 * The four acceptance criteria of the failure that this project was started for, and which promises stand for each.
 *
 * Always: every promise belongs to exactly one criterion, so that nothing that was found can be left out of a page.
 */

export interface Criterion {
  readonly title: string;
  /** What it means to a person, in one sentence. */
  readonly means: string;
  readonly promises: readonly string[];
}

export const criteria: readonly Criterion[] = [
  {
    title: "An active call is not lost",
    means:
      "After a crash or a reload the run, its session and everything that was shown are still there, and an agent that lives on is known.",
    promises: [
      "no-lost-run",
      "no-lost-shown-event",
      "durable-before-shown",
      "stream-resumes-without-gap",
      "neighbours-unharmed",
      "no-orphan-unseen",
      "single-driver",
      "settles",
    ],
  },
  {
    title: "The last completed call and its result are accurate on resume",
    means:
      "A resumed agent knows what was finished and with which result, so finished work is not done again and nothing is made up.",
    promises: [
      "finished-call-not-repeated",
      "resume-carries-finished-calls",
      "no-blind-retry",
      "result-unchanged",
      "history-in-order",
      "no-invented-call",
      "stands-only-what-stands",
    ],
  },
  {
    title: "Divergence is detected and surfaced",
    means:
      "Where the orchestrator, the agent's own store and the processes disagree, somebody is told, with the evidence; a cut run does not look like a finished one.",
    promises: [
      "flag-iff-divergent",
      "flag-cites-cause",
      "cut-never-looks-finished",
      "call-state-honest",
      "recovery-idempotent",
    ],
  },
];

/** The fourth is about the campaign itself: is there a test that would notice? */
export const regression = {
  title: "Regression coverage",
  means:
    "The situations that matter were really met, a known-bad build was noticed, and each failure can be replayed.",
} as const;
