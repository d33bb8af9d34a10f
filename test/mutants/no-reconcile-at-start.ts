/** Mutant: start-up leaves the sessions as they are on record. */
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["settles", "flag-iff-divergent"];

export default brokenReference("no-reconcile-at-start", [
  {
    file: "src/session/recover.ts",
    find: "if (!adopted) await settle(context, session);",
    replace: "void [adopted, settle];",
  },
  {
    // Nor is a session looked at again when somebody asks for it.
    file: "src/session/view.ts",
    find: "      ? (await settle(context, session)).verdict",
    replace: "      ? (void settle, reconcile(await gatherEvidence(context, session, false)))",
  },
]);
