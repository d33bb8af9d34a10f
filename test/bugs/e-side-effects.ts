/** Class E: recovery does finished work again, or loses what was done. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "results-of-the-stream-not-handed-over",
    class: "E",
    story: "What only the recorded stream holds of a finished call is not given to the resumed agent.",
    like: "anthropics/claude-code 2.1.197, measured: result shown, not stored",
    expected: ["resume-carries-finished-calls", "finished-call-not-repeated"],
    patches: [
      {
        file: "src/agent/ada/messages.ts",
        find: "  const all = [turn.L, turn.O, turn.S];",
        replace: `  if (turn.O.length > 0) ${reached};\n  const all = [turn.L, turn.S];`,
      },
    ],
  },
  {
    id: "results-of-the-log-not-handed-over",
    class: "E",
    story:
      "What the agent finished while no server ran stands in its log, and the resumed agent is not told.",
    like: "slopus/happy#721",
    // Where its stdout never had the result, all that is promised is that the work is there once at the end.
    expected: ["resume-carries-finished-calls", "finished-call-not-repeated", "settles"],
    patches: [
      {
        file: "src/agent/ada/messages.ts",
        find: "  const all = [turn.L, turn.O, turn.S];",
        replace: `  if (turn.L.length > 0) ${reached};\n  const all = [turn.O, turn.S];`,
      },
    ],
  },
  {
    id: "finished-calls-told-as-unknown",
    class: "E",
    story: "Finished calls are handed over as unknown, without their results.",
    like: "anthropics/claude-code#86001",
    expected: ["resume-carries-finished-calls"],
    patches: [
      {
        file: "src/reconcile/recovery.ts",
        find: '  if (effect === "done" || effect === "failed") return "result";',
        replace: `  if (effect === "done" || effect === "failed") ${reached};
  if (effect === "done" || effect === "failed") return "unknown";`,
      },
    ],
  },
  {
    id: "failed-calls-left-out",
    class: "E",
    story: "A call that reported an error is not handed over; what it did before it failed is done again.",
    like: "cline/cline#12975",
    expected: ["resume-carries-finished-calls", "finished-call-not-repeated"],
    patches: [
      {
        file: "src/reconcile/recovery.ts",
        find: '  if (effect === "done" || effect === "failed") return "result";',
        replace: `  if (effect === "failed") ${reached};
  if (effect === "failed") return "nothing";
  if (effect === "done") return "result";`,
      },
    ],
  },
  {
    id: "error-reads-as-success",
    class: "E",
    story: "A call whose result is an error is shown as done.",
    like: "agno-agi/agno#10366",
    expected: ["call-state-honest"],
    patches: [
      {
        file: "src/reconcile/judge.ts",
        find: "    call.results.some(({ isError }) => !isError) ||",
        replace: `    (call.results.some(({ isError }) => isError) && !${reached}) ||\n    call.results.some(({ isError }) => !isError) ||`,
      },
    ],
  },
  {
    id: "success-reads-as-error",
    class: "E",
    story: "A finished call is shown as failed.",
    like: "anthropics/claude-code#86001",
    expected: ["call-state-honest"],
    patches: [
      {
        file: "src/reconcile/judge.ts",
        find: '  if (isDone) return "done";',
        replace: `  if (isDone) ${reached};\n  if (isDone) return "failed";`,
      },
    ],
  },
  {
    id: "effects-said-to-stand-after-a-power-cut",
    class: "E",
    story: "After a power cut everything on record is said to be there still.",
    like: "google/adk-python PR#6733",
    expected: ["stands-only-what-stands"],
    patches: [
      {
        file: "src/reconcile/effects.ts",
        find: "return attempt?.bootChanged ?? one.evidence.bootChanged;",
        replace: `if (attempt?.bootChanged) ${reached};\n  return attempt === undefined && one.evidence.bootChanged;`,
      },
    ],
  },
  {
    id: "failed-call-said-to-stand",
    class: "E",
    story: "After a power cut what a failed call had done is said to be there still.",
    like: "found here, seed 1, plan 0 in memory: a power cut at call 361",
    mendedIn: "a48c483",
    expected: ["stands-only-what-stands"],
    patches: [
      {
        file: "src/reconcile/effects.ts",
        find: '  const mayHaveActed = effect === "done" || effect === "failed" || effect === "partly";',
        replace: `  if (effect === "failed") ${reached};
  const mayHaveActed = effect === "done" || effect === "partly";`,
      },
    ],
  },
];
