/** Class G: a claim that outlived its owner is believed, or one that holds is not. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "attempt-number-used-again",
    class: "G",
    story:
      "A new attempt takes the number of the last one, whose folder is there: nothing can be started any more.",
    like: "Untrivial-ai/agent-orchestrator#4280",
    expected: ["settles"],
    patches: [
      {
        file: "src/session/dispatch.ts",
        find: "  return Math.max(latestAttempt(session)?.attempt ?? 0, ...onDisk) + 1;",
        replace: `  if (onDisk.length > 0) ${reached};\n  return Math.max(1, latestAttempt(session)?.attempt ?? 0, ...onDisk);`,
      },
    ],
  },
  {
    // In the place of "number of a lost attempt used again": the next resume got past it, so nothing was lost.
    id: "exit-of-an-earlier-attempt-believed",
    class: "G",
    story:
      "What an earlier attempt left behind counts for the one that runs now: its living agent is called dead.",
    like: "gastownhall/gastown#1681",
    expected: ["no-orphan-unseen", "single-driver", "flag-iff-divergent"],
    patches: [
      {
        file: "src/supervise/liveness.ts",
        find: "  const identity = known ?? (await notedAgent(world, folder, place));\n",
        replace: `  const first = folder.replace(/\\/\\d+$/, "/1");
  const left = first === folder ? undefined : await readExit(world.files, first);
  if (left !== undefined) ${reached};
  if (left !== undefined) return { state: "dead", seen: "an exit code is noted" };
  const identity = known ?? (await notedAgent(world, folder, place));
`,
      },
    ],
  },
  {
    id: "start-marker-believed-over-the-exit",
    class: "G",
    story:
      "An attempt whose start marker is there counts as running for ever, whatever the process table says.",
    like: "kunchenguid/no-mistakes PR#121",
    // Where its end is noted between two looks, they differ.
    expected: ["settles", "flag-iff-divergent", "recovery-idempotent"],
    patches: [
      {
        file: "src/supervise/liveness.ts",
        find: 'return { state: "dead", seen: `the wrapper noted exit code ${exitCode}` };',
        replace: `{ ${reached}; return { state: "alive", seen: "its start marker is there" }; }`,
      },
      {
        file: "src/supervise/liveness.ts",
        find: "  if (identity !== undefined && isHere) return byIdentity(world, identity);\n",
        replace: `  if (identity !== undefined && isHere) {
    const found = await byIdentity(world, identity);
    if (found.state === "dead") ${reached};
    return found.state === "dead" ? { ...found, state: "alive" } : found;
  }
`,
      },
    ],
  },
];
