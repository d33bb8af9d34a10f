/** Mutant: start-up leaves the sessions as they are on record. */
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["settles", "flag-iff-divergent"];

export const patches: readonly SourcePatch[] = [
  {
    file: "src/session/recover.ts",
    find: "      await settle(context, session);\n      await context.onIdle(session);\n",
    replace: "      void settle;\n",
  },
  {
    // Nor is a session looked at again when somebody asks for it.
    file: "src/session/view.ts",
    find: "      ? (await settle(context, session)).verdict",
    replace: '      ? (void settle, reconcile(await gatherEvidence(context, session, "living")))',
  },
];

export default brokenReference("no-reconcile-at-start", patches);
