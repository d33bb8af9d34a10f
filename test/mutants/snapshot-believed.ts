/** Mutant: a resumed agent goes on from its own snapshot as it is, and is told nothing. */
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["call-state-honest", "finished-call-not-repeated"];

export const patches: readonly SourcePatch[] = [
  {
    file: "src/session/hand-over.ts",
    find: "    prompt: handOver.prompt,\n",
    replace: "    prompt: ask,\n",
  },
  {
    file: "src/session/hand-over.ts",
    find: "    repairs: handOver.repairs,\n",
    replace: "    repairs: [],\n",
  },
];

export default brokenReference("snapshot-believed", patches);
