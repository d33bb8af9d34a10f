/** Class I: something was accepted and is not done, or is done twice. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "acknowledged-from-memory",
    class: "I",
    story:
      "Session, run and dispatch are acknowledged from memory, and recorded when the agent first speaks.",
    like: "germanescobar/coding-orchestrator: no session in the list after a crash",
    // What was acknowledged also stands in the stream: shown again under new ids, where it was lost.
    expected: ["durable-before-shown", "no-lost-run", "no-orphan-unseen", "stream-resumes-without-gap"],
    patches: [
      {
        file: "src/session/recorder.ts",
        find: "const appended = this.#journal.append(type, data as unknown as Readonly<Record<string, unknown>>, source);",
        replace: `const held: Map<string, any[]> = ((this as any).held ??= new Map());
    const write = (what: any, of: any) => this.#journal.append(what, of, what === type ? source : undefined);
    const isHeld = type === "session" || type === "run" || type === "dispatch";
    if (isHeld) ${reached};
    if (isHeld) held.set(sessionId, [...(held.get(sessionId) ?? []), [type, data]]);
    else if (type === "cover") {
      for (const [what, of] of held.get(sessionId) ?? []) void write(what, of);
      held.delete(sessionId);
    }
    const appended: ReturnType<Journal["append"]> =
      isHeld ? Promise.resolve({ ok: true, generation: 0, n: 0, path: "", range: { fromByte: 0, toByte: 0 } } as any) : write(type, data);`,
      },
      {
        file: "src/session/about.ts",
        find: "if (!idPattern.test(id)) return false;",
        replace: 'if (!idPattern.test(id) || id !== "") return false;',
      },
    ],
  },
  {
    id: "repeated-submit-runs-twice",
    class: "I",
    story: "A submit that is repeated with its key, because the first answer was lost, starts a second run.",
    like: "dbos-inc/dbos-transact-py#716",
    expected: ["no-lost-run"],
    patches: [
      {
        file: "src/orchestrator/submit.ts",
        find: "  const known = findByKey(context, scope, submit.key);\n",
        replace: `  const known = findByKey(context, scope, submit.key);
  if (known !== undefined) ${reached};
  if (known !== undefined) return work();
`,
      },
    ],
  },
  {
    id: "run-without-dispatch-forgotten",
    class: "I",
    story: "A run that a crash cut off from its dispatch takes over how the run before it ended.",
    like: "found here; openclaw PR#15636",
    mendedIn: "a672280",
    expected: ["settles", "no-lost-run", "cut-never-looks-finished"],
    patches: [
      {
        file: "src/session/settle.ts",
        find: '  if (run !== undefined && attempt !== undefined && attempt.runId !== run.id)\n    return ourEnd(run, undefined, "never-started") ?? neverStarted;',
        replace: `  if (run !== undefined && attempt !== undefined && attempt.runId !== run.id) ${reached};`,
      },
    ],
  },
  {
    id: "prompt-of-an-owed-run-lost",
    class: "I",
    story:
      'A run whose agent was never started is resumed with nothing but "continue": what was asked is lost.',
    like: "pingdotgg/t3code PR#7463",
    expected: ["settles"],
    patches: [
      {
        file: "src/session/hand-over.ts",
        find: "  if (last === undefined) return run.prompt;",
        replace: `  if (last === undefined) ${reached};\n  if (last === undefined) return undefined;`,
      },
    ],
  },
  {
    id: "prompt-lost-behind-its-dispatch",
    class: "I",
    story:
      'A run whose dispatch is on record and whose agent was never started is resumed with nothing but "continue".',
    like: "found here, when the one before it was made to show",
    mendedIn: "75501af",
    expected: ["settles"],
    patches: [
      {
        file: "src/session/hand-over.ts",
        find: "  return wasGiven ? undefined : last.ask;",
        replace: `  if (!wasGiven) ${reached};
  return undefined;`,
      },
    ],
  },
  {
    id: "run-forgotten-with-its-damaged-record",
    class: "I",
    story:
      "Where the record of a run is damaged, the session counts as empty, though dispatch and spool are whole: nothing can be resumed.",
    like: "found here by the hunt for the others: one altered record of the journal",
    mendedIn: "ca4329c",
    expected: ["settles"],
    patches: [
      {
        file: "src/session/state.ts",
        find: 'session.runs.push({ id: data.runId, prompt: data.ask, isLost: true, state: "live", reason: "" });',
        replace: `void ${reached};`,
      },
    ],
  },
];
