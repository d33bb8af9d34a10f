/** Class B: a call without a result is taken for something that it is not. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "dangling-call-reads-done",
    class: "B",
    story: "A call that nobody has a result of is shown as done.",
    like: "anthropics/claude-code#31328",
    expected: ["call-state-honest", "flag-iff-divergent"],
    patches: [
      {
        file: "src/reconcile/judge.ts",
        find: "  return effectOfProbe(probes.at(-1));",
        replace: `  ${reached};\n  return "done";`,
      },
    ],
  },
  {
    id: "dangling-call-reads-failed",
    class: "B",
    story: "A call that nobody has a result of is shown as failed, and the model is told so.",
    like: "OpenHands/software-agent-sdk#4487",
    expected: ["call-state-honest", "flag-iff-divergent"],
    patches: [
      {
        file: "src/reconcile/judge.ts",
        find: "  return effectOfProbe(probes.at(-1));",
        replace: `  ${reached};\n  return "failed";`,
      },
    ],
  },
  {
    id: "dangling-calls-left-out",
    class: "B",
    story: "Calls of unknown outcome are dropped from what a resumed agent is told, and it does them again.",
    like: "aaif-goose/goose#2951",
    expected: ["no-blind-retry", "resume-carries-finished-calls"],
    patches: [
      {
        file: "src/agent/ada/hand-over.ts",
        find: 'unknown: sends.filter(({ as }) => as === "unknown").map(({ call }) => call),',
        replace: `unknown: sends.filter(({ as }) => as === "unknown" && ${reached}).map(({ call }) => call),`,
      },
    ],
  },
  {
    id: "dangling-call-not-flagged",
    class: "B",
    story: "A call without a result raises nothing: nobody is told that its outcome is unknown.",
    like: "anomalyco/opencode#10616",
    expected: ["flag-iff-divergent"],
    patches: [
      {
        file: "src/reconcile/calls.ts",
        find: "  const summary = `Call ${call.id} was made and no source has its result; the agent is gone.`;",
        replace: `  ${reached};
  if (first !== undefined) return [];
  const summary = \`Call \${call.id} was made and no source has its result; the agent is gone.\`;`,
      },
    ],
  },
  {
    id: "results-of-an-open-wave-lost",
    class: "B",
    story: "Where one of several calls has no result, the finished ones beside it are told as unknown too.",
    like: "QwenLM/qwen-code#9573",
    expected: ["resume-carries-finished-calls"],
    patches: [
      {
        file: "src/reconcile/recovery.ts",
        find: '    const as = isAmbiguous ? "unknown" : sendAs(call, mayLack);',
        replace: `    const isOpenWave = calls.some((other) => other.turn === call.turn && isOpen(other.effect));
    if (isOpenWave) ${reached};
    const as = isAmbiguous || isOpenWave ? "unknown" : sendAs(call, mayLack);`,
      },
    ],
  },
  {
    id: "call-ids-dropped",
    class: "B",
    story:
      "Events are shown without the id of their call: of two equal calls nobody can say whose result it is.",
    like: "fastagent PR#26",
    expected: ["result-unchanged"],
    patches: [
      {
        file: "src/session/stream.ts",
        find: "function renamed(rest: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {",
        replace: `function renamed(whole: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if ("callId" in whole) ${reached};
  const { callId: _, ...rest } = whole;`,
      },
    ],
  },
];
