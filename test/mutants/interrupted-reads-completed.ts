/** Mutant: a run that was cut is put on record as completed. */
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["cut-never-looks-finished"];

export default brokenReference("interrupted-reads-completed", [
  {
    file: "src/session/settle.ts",
    find: "return { state: verdict.run.state, reason: verdict.recovery.why };",
    replace:
      'return { state: verdict.run.state.startsWith("interrupted") ? "completed" : verdict.run.state, reason: verdict.recovery.why };',
  },
]);
