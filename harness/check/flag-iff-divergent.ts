/**
 * flag-iff-divergent: see `says`. The scoring is the oracle's.
 */
import { type FlagPair, scoreFlags } from "../oracle/flags.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable } from "./judging.ts";

export const flagIffDivergent: Check = {
  promise: "flag-iff-divergent",
  says: "Divergence is flagged exactly where it exists, and stays on record.",
  judge(run) {
    const { pairs, undecided } = scoreFlags(run);
    if (pairs.length === 0 && undecided.length === 0)
      return notApplicable("nothing was observed that could be flagged");
    const wrong = pairs.filter(({ outcome }) => outcome === "falseNegative" || outcome === "falsePositive");
    if (!run.subject.can.flags && wrong.length === 0)
      return notApplicable("the orchestrator has no surface for flags");
    return judged(wrong.map(violationOf), undecided);
  },
};

function violationOf(pair: FlagPair): Violation {
  const { phase, session } = pair;
  const when = phase === "settled" ? "at the end" : `after the restart of round ${pair.round}`;
  if (pair.outcome === "falsePositive") {
    const story = `session ${session} is flagged ${pair.class} ${when}, which it never was`;
    return { kind: `false-${pair.class}`, phase, story };
  }
  const story = `session ${session} is not flagged ${pair.class} ${when}: ${pair.why}`;
  if (pair.noSurface)
    return { kind: "no-surface", phase: "restart", story: `${story} (there is no surface for flags)` };
  return { kind: `missed-${pair.class}`, phase, story };
}
