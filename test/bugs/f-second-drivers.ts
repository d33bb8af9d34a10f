/** Class F: two drivers on one session, or an agent that nobody drives. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "resumed-beside-a-living-agent",
    class: "F",
    story: "A resume is accepted while the agent of the session lives: two agents work on one session.",
    like: "slopus/happy#1189",
    expected: ["single-driver"],
    patches: [
      {
        file: "src/session/live.ts",
        find: "  const { state, identity, seen } = await agentLiveness(context, session, attempt);\n",
        replace: `  const { state, identity, seen } = await agentLiveness(context, session, attempt);
  if (state === "alive") ${reached};
  if (state === "alive") return undefined;
`,
      },
    ],
  },
  {
    id: "adopted-agent-not-followed",
    class: "F",
    story: "A living agent is found at start-up and counted, and nobody reads what it says from then on.",
    like: "hermes-agent#98750",
    expected: ["settles", "no-orphan-unseen", "stream-resumes-without-gap"],
    patches: [
      {
        file: "src/session/recover.ts",
        find: "  follow(context, session, follower);\n  return true;",
        replace: `  ${reached};\n  return true;`,
      },
    ],
  },
  {
    id: "late-writes-count-as-history",
    class: "F",
    story: "No seal is recorded at take-over: what a former server still writes becomes history.",
    like: "munder-difflin PR#468",
    // Two facts, one of each server, then have one place in the stream.
    expected: [
      "no-invented-call",
      "history-in-order",
      "no-lost-run",
      "recovery-idempotent",
      "flag-iff-divergent",
      "stream-resumes-without-gap",
    ],
    patches: [
      {
        file: "src/journal/take-over.ts",
        find: "    const data = { ...life, seals };\n",
        replace: `    if (seals.length > 0) ${reached};\n    const data = { ...life, seals: [] };\n`,
      },
    ],
  },
  {
    id: "what-was-said-while-down-is-skipped",
    class: "F",
    story: "What an agent said while no server ran is not taken in when it is adopted.",
    like: "kirodotdev/KiroCrew#4109",
    expected: ["flag-iff-divergent", "call-state-honest", "resume-carries-finished-calls", "settles"],
    patches: [
      {
        file: "src/session/followed-spool.ts",
        find: "    this.#reader = new SpoolReader(this.#file, { fromByte: map.fileByte, batchBytesMax });",
        replace: `    const now = await this.#file.size();
    if (now > map.fileByte) ${reached};
    this.#reader = new SpoolReader(this.#file, { fromByte: now, batchBytesMax });`,
      },
    ],
  },
];
