/** Class A: a run reads as running, or as gone, against what the process table says. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "gone-agent-counts-as-alive",
    class: "A",
    story:
      "An agent whose pid is in no process table counts as alive, and its session refuses a resume for ever.",
    like: "anomalyco/opencode#19023",
    // Where its exit is noted between two looks, they differ.
    expected: ["settles", "flag-iff-divergent", "recovery-idempotent"],
    patches: [
      {
        file: "src/supervise/liveness.ts",
        find: 'return { state: "dead", identity: known, seen: `${who} is not in the process table` };',
        replace: `{ ${reached}; return { state: "alive", identity: known, seen: who }; }`,
      },
    ],
  },
  {
    id: "start-up-ends-every-run",
    class: "A",
    story: "At start-up every run without an end is closed, with no look at whether its agent lives.",
    like: "BloopAI/vibe-kanban#1571",
    expected: ["single-driver", "no-orphan-unseen", "no-lost-shown-event"],
    patches: [
      {
        file: "src/session/recover.ts",
        find: '  if (state === "dead") {\n    follower.wrapperIsGone();',
        replace: `  if (state === "alive") {
    ${reached};
    await follower.close();
    await context.recorder.fact(session, "ended", {
      sessionId: session.id, attempt: attempt.attempt, exitCode: null, started: "yes",
      seen: "the server was started again", tailBytes: 0, atMs: context.world.clock.now(),
    });
    return false;
  }
  if (state === "dead") {
    follower.wrapperIsGone();`,
      },
    ],
  },
  {
    id: "interrupted-run-stays-live",
    class: "A",
    story: "A run that was cut off is never taken off the list of live runs.",
    like: "openai/codex#12382",
    expected: ["settles", "flag-iff-divergent", "call-state-honest"],
    patches: [
      {
        file: "src/session/settle.ts",
        find: "if (run !== undefined && end !== undefined && end.state !== run.state) {",
        replace: `if (end?.state.startsWith("interrupted")) ${reached};
  if (run !== undefined && end !== undefined && end.state !== run.state && !end.state.startsWith("interrupted")) {`,
      },
    ],
  },
  {
    id: "cut-run-reads-completed",
    class: "A",
    story: "A run that was cut off is put on record as completed, the same word as for a healthy one.",
    like: "pingdotgg/t3code#4584",
    expected: ["cut-never-looks-finished"],
    patches: [
      {
        file: "src/session/settle.ts",
        find: "return { state: verdict.run.state, reason: verdict.recovery.why };",
        replace: `if (verdict.run.state.startsWith("interrupted")) ${reached};
  return { state: verdict.run.state.startsWith("interrupted") ? "completed" : verdict.run.state, reason: verdict.recovery.why };`,
      },
    ],
  },
  {
    id: "no-reconcile-at-start",
    class: "A",
    story: "A restarted server looks at no session: what was running reads as it was left.",
    like: "openai/codex#33153",
    expected: ["settles", "flag-iff-divergent"],
    patches: [
      {
        file: "src/session/recover.ts",
        find: "  if (open) return [...isOpenId];\n",
        replace: `  ${reached};\n  if (isOpenId.size >= 0) return [];\n`,
      },
    ],
  },
];
