/** Class D: a part of the history is silently missing from what a person or a model sees. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "resumed-from-the-old-snapshot",
    class: "D",
    story: "A resumed agent reads its snapshot as it was left, without what was finished since.",
    like: "germanescobar/coding-orchestrator, the report that this project began with",
    expected: ["finished-call-not-repeated", "resume-carries-finished-calls"],
    patches: [
      {
        file: "src/agent/ada/hand-over.ts",
        find: "repairs: path === undefined ? [] : repairsOf(request, path, snapshot, rebuilt.messages),",
        replace: `repairs: repairsOf(request, path ?? "", snapshot, rebuilt.messages).filter(() => ${reached}),`,
      },
    ],
  },
  {
    id: "snapshot-behind-not-flagged",
    class: "D",
    story: "A snapshot that lacks what the log holds raises nothing.",
    like: "anthropics/claude-code#58554",
    expected: ["flag-iff-divergent"],
    patches: [
      {
        file: "src/reconcile/coverage.ts",
        find: "  if (first === undefined) return [];\n  const last = snapshot.facts",
        replace: `  if (first !== undefined) ${reached};\n  if (first === undefined || first.source === "L") return [];\n  const last = snapshot.facts`,
      },
    ],
  },
  {
    id: "whole-snapshot-flagged",
    class: "D",
    story: "A snapshot that holds everything is reported as behind: the flag that is always on.",
    like: "lvlup-sw/exarchos#1230",
    expected: ["flag-iff-divergent"],
    patches: [
      {
        file: "src/reconcile/coverage.ts",
        find: '      return left <= 0 && body.text !== "";',
        replace: `      if (left > 0 && body.text !== "") ${reached};\n      return body.text !== "";`,
      },
    ],
  },
  {
    id: "interrupted-turn-left-out",
    class: "D",
    story: "A turn that was cut off is dropped from the conversation that the agent resumes.",
    like: "anthropics/claude-code#24304",
    expected: ["resume-carries-finished-calls", "finished-call-not-repeated"],
    patches: [
      {
        file: "src/agent/ada/messages.ts",
        find: "    const here = owners.get(turn) ?? [];\n",
        replace: `    const isCut = ![...turn.O, ...turn.L].some(({ body }) => body.kind === "turn-end");
    if (isCut) ${reached};
    if (isCut) return;
    const here = owners.get(turn) ?? [];
`,
      },
    ],
  },
  {
    id: "shortened-result-passes-for-whole",
    class: "D",
    story: "Where the log kept only the head of a result, its tail is looked for nowhere else.",
    like: "germanescobar/ada, results cut in its log",
    expected: ["resume-carries-finished-calls", "result-unchanged", "finished-call-not-repeated"],
    patches: [
      {
        file: "src/model/result.ts",
        find: "  if (left.cut !== right.cut) return right.cut;",
        replace: `  if (left.cut !== right.cut) ${reached};\n  if (left.cut !== right.cut) return left.cut;`,
      },
    ],
  },
  {
    id: "event-recorded-when-the-next-comes",
    class: "D",
    story: "What the agent said last is recorded only when it says more.",
    like: "germanescobar/controller, events stored one behind",
    expected: ["durable-before-shown", "no-lost-shown-event"],
    patches: [
      {
        file: "src/session/recorder.ts",
        find: "const appended = this.#journal.append(type, data as unknown as Readonly<Record<string, unknown>>, source);",
        replace: `const late: Map<string, any> = ((this as any).late ??= new Map());
    const write = (what: any, of: any) => this.#journal.append(what, of, what === type ? source : undefined);
    const kept = late.get(sessionId);
    if (kept !== undefined && (type === "cover" || type === "ended")) void write("cover", kept);
    late.delete(sessionId);
    if (type === "cover") late.set(sessionId, data);
    if (type === "cover") ${reached};
    const appended: ReturnType<Journal["append"]> =
      type === "cover" ? Promise.resolve({ ok: true, generation: 0, n: 0, path: "", range: { fromByte: 0, toByte: 0 } } as any) : write(type, data);`,
      },
      {
        file: "src/session/follow.ts",
        find: "while (await this.#drain()) if (this.#closed) return undefined;",
        replace: "while (!wrapperGone && (await this.#drain())) if (this.#closed) return undefined;",
      },
    ],
  },
  {
    id: "earlier-attempts-forgotten-beside-a-living-one",
    class: "D",
    story:
      "While an agent lives, its session is judged from the stream alone: what earlier attempts did is unknown again.",
    like: "found here, seed 1, plan 234 in memory: a kill at call 288",
    mendedIn: "2efd0a0",
    // A call was flagged as dangling that never was.
    expected: ["call-state-honest", "flag-iff-divergent"],
    patches: [
      {
        file: "src/session/evidence.ts",
        find: 'agent === "gone" || session.attempts.length > 1 ?',
        replace: `agent === "gone" || (session.attempts.length > 1 && ${reached}) ?`,
      },
    ],
  },
];
