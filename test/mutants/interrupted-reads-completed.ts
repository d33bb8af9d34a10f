/** Mutant: a run that was cut is put on record as completed. */
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["cut-never-looks-finished"];

export const patches: readonly SourcePatch[] = [
  {
    file: "src/session/settle.ts",
    find: "return { state: verdict.run.state, reason: verdict.recovery.why };",
    replace:
      'return { state: verdict.run.state.startsWith("interrupted") ? "completed" : verdict.run.state, reason: verdict.recovery.why };',
  },
];

export default brokenReference("interrupted-reads-completed", patches);
