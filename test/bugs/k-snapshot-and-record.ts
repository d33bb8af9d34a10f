/** Class K: what was written is taken for what is on the disk. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "journal-not-synced",
    class: "K",
    story: "Records are acknowledged when they are written, not when they are on the disk.",
    like: "vercel/workflow world-local: no fsync",
    expected: ["durable-before-shown", "no-lost-run", "no-lost-shown-event", "single-driver", "settles"],
    patches: [
      {
        file: "src/journal/writer.ts",
        find: "    await this.#unlessBroken(sync);\n",
        replace: `    ${reached};\n`,
      },
    ],
  },
  {
    id: "spool-not-synced",
    class: "K",
    story: "What the agent said is vouched for before its bytes are on the disk.",
    like: "anthropics/claude-code#49876",
    expected: ["durable-before-shown", "no-lost-shown-event", "flag-iff-divergent"],
    patches: [
      {
        file: "src/session/followed-spool.ts",
        find: "      const synced = this.#sync.bring(first.range.fromByte, toByte);",
        replace: `      ${reached};\n      const synced = Promise.resolve();`,
      },
      {
        file: "src/session/follow.ts",
        find: "    if (isSpool && this.#news.isAwaited) this.#spool?.syncEarly();",
        replace: "",
      },
    ],
  },
  {
    id: "name-of-the-journal-not-synced",
    class: "K",
    story:
      "A new segment's records are on the disk and its name is not: after a power cut there is no such file.",
    like: "facebook/rocksdb PR#10573",
    expected: ["durable-before-shown", "no-lost-run", "no-lost-shown-event", "settles"],
    patches: [
      {
        file: "src/journal/writer.ts",
        find: "  await files.syncFolder(folder);\n",
        replace: `      ${reached};\n`,
      },
    ],
  },
  {
    id: "name-of-a-replaced-file-not-synced",
    class: "K",
    story: "A rebuilt snapshot is renamed into place and may be the old one after a power cut.",
    like: "pingdotgg/t3code PR#2301",
    expected: [
      "durable-before-shown",
      "finished-call-not-repeated",
      "resume-carries-finished-calls",
      "settles",
    ],
    patches: [
      {
        file: "src/journal/replace.ts",
        find: "    throw error;\n  }\n  await files.syncFolder(folderOf(path));\n",
        replace: `    throw error;\n  }\n  ${reached};\n`,
      },
    ],
  },
  {
    id: "snapshot-renamed-before-its-bytes",
    class: "K",
    story:
      "A rebuilt snapshot is renamed into place before its bytes are on the disk: after a power cut it is empty.",
    like: "germanescobar/ada: SessionStore.save",
    expected: [
      "durable-before-shown",
      "finished-call-not-repeated",
      "resume-carries-finished-calls",
      "settles",
      "flag-iff-divergent",
    ],
    patches: [
      {
        file: "src/journal/replace.ts",
        find: "      await file.sync();\n",
        replace: `      ${reached};\n`,
      },
    ],
  },
  {
    id: "failed-sync-tried-again",
    class: "K",
    story: "After a failed sync the same file is synced again, which succeeds although the bytes are gone.",
    like: "PostgreSQL's fsync error of 2018",
    expected: ["durable-before-shown", "no-lost-run", "no-lost-shown-event", "settles"],
    patches: [
      {
        file: "src/journal/writer.ts",
        find: "    await this.#unlessBroken(sync);\n",
        replace: `    await this.#file.sync().catch(() => {
      ${reached};
      return this.#file.sync();
    });
`,
      },
    ],
  },
];
