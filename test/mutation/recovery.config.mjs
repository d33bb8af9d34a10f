/** Recovery is mutated in a run of its own: it has other judges; see runner.mjs. Which files, and why, says page.ts. */
import base from "./stryker.config.json" with { type: "json" };

export default {
  ...base,
  mutate: [
    "src/session/about.ts",
    "src/session/agent-life.ts",
    "src/session/answers.ts",
    "src/session/checkpoint.ts",
    "src/session/covers.ts",
    "src/session/decide.ts",
    "src/session/discover.ts",
    "src/session/dispatch.ts",
    "src/session/evidence.ts",
    "src/session/follow.ts",
    "src/session/gaps.ts",
    "src/session/hand-over.ts",
    "src/session/journal-damage.ts",
    "src/session/late.ts",
    "src/session/life.ts",
    "src/session/orphans.ts",
    "src/session/past.ts",
    "src/session/recover.ts",
    "src/session/settle.ts",
    "src/session/shift.ts",
    "src/session/sweep.ts",
  ],
  incrementalFile: ".holdfast/stryker/recovery-incremental.json",
  jsonReporter: { fileName: ".holdfast/stryker/recovery.json" },
};
