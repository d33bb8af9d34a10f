/**
 * Ways to break what makes the orchestrator durable: each is a source patch that power cuts, failed syncs or the
 * order monitor must find.
 */
import type { SourcePatch } from "../../harness/launch/patch.ts";

export interface Mutant {
  readonly name: string;
  readonly patches: readonly SourcePatch[];
  /** What finds it; see hunt.ts. */
  readonly hunt: "order" | "power" | "failed-sync" | "late-write";
}

const writer = "src/journal/writer.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "a sync is left out of the journal",
    hunt: "power",
    patches: [{ file: writer, find: "    await this.#unlessBroken(sync);\n", replace: "" }],
  },
  {
    name: "the folder is not synced after a segment was created",
    hunt: "power",
    patches: [{ file: writer, find: "  await files.syncFolder(folder);\n", replace: "" }],
  },
  {
    name: "the folder is not synced after a rename",
    hunt: "order",
    patches: [
      {
        file: "src/journal/replace.ts",
        find: "    throw error;\n  }\n  await files.syncFolder(folderOf(path));\n",
        replace: "    throw error;\n  }\n",
      },
    ],
  },
  {
    name: "lines are shown before they are synced",
    hunt: "order",
    patches: [
      {
        file: "src/journal/journal.ts",
        find: "    await source;\n",
        replace: "",
      },
    ],
  },
  {
    name: "lines are shown before their cover is written",
    hunt: "order",
    patches: [
      {
        file: "src/session/recorder.ts",
        find: "#settle(record, sessionId, before, appended);",
        replace: `#settle(record, sessionId, before, source === undefined ? appended : source.then((): Awaited<typeof appended> =>
      ({ ok: true, generation: 0, n: 0, path: "", range: { fromByte: 0, toByte: 0 } }) as Awaited<typeof appended>));`,
      },
    ],
  },
  {
    name: "a failed sync is tried again on the same file",
    hunt: "failed-sync",
    patches: [
      {
        file: writer,
        find: "    await this.#unlessBroken(sync);\n",
        replace: "    await this.#file.sync().catch(() => this.#file.sync());\n",
      },
    ],
  },
  {
    name: "no seal is recorded at take-over",
    hunt: "late-write",
    patches: [
      {
        file: "src/journal/take-over.ts",
        find: "    const data = { ...life, seals };\n",
        replace: "    const data = { ...life, seals: [] };\n",
      },
    ],
  },
  {
    name: "an attempt is counted after it was started",
    hunt: "order",
    patches: [
      {
        file: "src/session/recorder.ts",
        find: "  /** Place of the dispatch of a new attempt. */\n",
        replace: `  held: () => Promise<unknown> = () => Promise.resolve();
  later(type: "dispatch", data: RecordData["dispatch"]): Promise<void> {
    this.held = () => this.record(type, data);
    return this.quiet().then(() => fold(this.#state, { type, data }, recordCite("", undefined, type, data)));
  }
`,
      },
      {
        file: "src/session/dispatch.ts",
        find: 'return context.recorder.record("dispatch", {',
        replace: 'return context.recorder.later("dispatch", {',
      },
      {
        file: "src/session/dispatch.ts",
        find: "    });\n  } catch (thrown) {\n    if (!(thrown instanceof IoError)) throw thrown;\n    await follower.close();\n",
        replace:
          "    });\n    await context.recorder.held();\n  } catch (thrown) {\n    if (!(thrown instanceof IoError)) throw thrown;\n    await follower.close();\n",
      },
    ],
  },
  {
    name: "everything is said to stand after a power cut",
    hunt: "power",
    patches: [
      {
        file: "src/reconcile/effects.ts",
        find: "return attempt?.bootChanged ?? one.evidence.bootChanged;",
        replace: "return attempt === undefined && one.evidence.bootChanged;",
      },
    ],
  },
];
