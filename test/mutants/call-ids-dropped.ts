/** Mutant: events are shown without the id of their call, as two measured orchestrators store them. */
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["result-unchanged"];

export const patches: readonly SourcePatch[] = [
  {
    file: "src/session/stream.ts",
    find: "function renamed(rest: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {",
    replace: `function renamed(whole: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { callId: _, ...rest } = whole;`,
  },
];

export default brokenReference("call-ids-dropped", patches);
