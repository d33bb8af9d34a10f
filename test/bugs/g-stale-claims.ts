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
    id: "number-of-a-lost-attempt-used-again",
    class: "G",
    story:
      "Where the record of an attempt is lost, its number is given again, and its folder stands in the way.",
    like: "gastownhall/gastown#1681",
    expected: ["settles"],
    patches: [
      {
        file: "src/session/dispatch.ts",
        find: "  return Math.max(latestAttempt(session)?.attempt ?? 0, ...onDisk) + 1;",
        replace: `  if (Math.max(0, ...onDisk) > (latestAttempt(session)?.attempt ?? 0)) ${reached};
  return (latestAttempt(session)?.attempt ?? 0) + 1;`,
      },
      {
        file: "src/session/about.ts",
        find: "for (const id of ids.filter((one) => idPattern.test(one))) {",
        replace: "for (const id of ids.filter((one) => idPattern.test(one) && one === undefined)) {",
      },
    ],
  },
  {
    id: "start-marker-believed-over-the-exit",
    class: "G",
    story:
      "An attempt whose start marker is there counts as running for ever, whatever the process table says.",
    like: "kunchenguid/no-mistakes PR#121",
    expected: ["settles", "flag-iff-divergent"],
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
