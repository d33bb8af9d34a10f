/** Class L: recovery itself is not safe to be killed, or leaves more behind each time. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "finding-raised-at-every-start",
    class: "L",
    story: "Each restart puts the same findings on record once more.",
    like: "openclaw#124941",
    expected: ["recovery-idempotent"],
    patches: [
      {
        file: "src/session/settle.ts",
        find: "const raised = verdict.findings.filter((finding) => session.findings.get(finding.id)?.resolved !== false);",
        replace: `const raised = verdict.findings;
  if (verdict.findings.some((finding) => session.findings.has(finding.id))) ${reached};`,
      },
    ],
  },
  {
    id: "finding-ids-move",
    class: "L",
    story: "A finding's id depends on how much is on record, so that each look raises it under another.",
    like: "fak#10513",
    expected: ["recovery-idempotent"],
    patches: [
      {
        file: "src/reconcile/finding.ts",
        find: "    id: `${raised.code}/${run ?? evidence.session.id}/${call}/${at}`,",
        replace: `    id: \`\${raised.code}/\${run ?? evidence.session.id}/\${call}/\${at}/\${evidence.sources.flatMap(({ facts }) => facts).length}\${${reached} ?? ""}\`,`,
      },
    ],
  },
  {
    id: "attempt-counted-after-its-start",
    class: "L",
    story:
      "An attempt is recorded when its agent has been started: a crash between the two starts another beside it.",
    like: "hermes-agent PR#71276",
    expected: ["durable-before-shown", "single-driver", "no-orphan-unseen", "no-lost-run", "settles"],
    patches: [
      {
        file: "src/session/recorder.ts",
        find: "  /** Place of the dispatch of a new attempt. */\n",
        replace: `  held: () => Promise<unknown> = () => Promise.resolve();
  later(type: "dispatch", data: RecordData["dispatch"]): Promise<void> {
    ${reached};
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
      {
        file: "src/session/about.ts",
        find: "if (!idPattern.test(id)) return false;",
        replace: 'if (!idPattern.test(id) || id !== "") return false;',
      },
    ],
  },
  {
    id: "cut-off-start-waited-for-without-end",
    class: "L",
    story:
      "An attempt that was cut off before its agent said anything is taken for one that is starting, and waited for without end.",
    like: "anthropics/claude-code#90867",
    expected: ["settles", "call-state-honest", "no-orphan-unseen"],
    patches: [
      {
        file: "src/session/recover.ts",
        find: '  if (state === "dead") {\n    follower.wrapperIsGone();\n    await follower.run();\n    return false;\n  }\n',
        replace: `  if (state === "dead" && !spoke) {
    ${reached};
    return true;
  }
  if (state === "dead") {
    follower.wrapperIsGone();
    await follower.run();
    return false;
  }
`,
      },
    ],
  },
];
