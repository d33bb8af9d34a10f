/**
 * durable-before-shown: see `says`. The order itself is watched while a run is executed, where every sync is seen.
 */
import type { Check } from "./contract.ts";
import { judged, notApplicable } from "./judging.ts";

export const durableBeforeShown: Check = {
  promise: "durable-before-shown",
  says: "Nothing is shown, acknowledged, named or started before what it depends on is on the disk.",
  judge({ early }) {
    if (early === undefined) return notApplicable("nobody saw every sync of this run");
    return judged(early.map(({ kind, story }) => ({ kind, phase: "before-fault", story })));
  },
};
