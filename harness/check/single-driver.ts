/**
 * single-driver: see `says`. Only overlaps that are proven by an act, a cut or a kill count.
 */
import { overlapsOf } from "../oracle/attempts.ts";
import { atMs, attemptsOf, factsOf, sessionsOf } from "../oracle/facts.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable } from "./judging.ts";

export const singleDriver: Check = {
  promise: "single-driver",
  says: "Never do two agents work on one session at once.",
  judge(run) {
    const facts = factsOf(run);
    if (facts.attempts.length === 0) return notApplicable("no agent was started");
    const violations = sessionsOf(facts).flatMap((session) =>
      overlapsOf(attemptsOf(facts, session)).map(({ earlier, later, fromNs }): Violation => {
        const resumed = run.history.some(
          (entry) => entry.kind === "resume" && entry.session === session && BigInt(entry.t) < later.startNs,
        );
        const story = `session ${session}: attempt ${later.attempt} was started at ${atMs(facts, fromNs)} after start while attempt ${earlier.attempt} was alive`;
        return { kind: "two-agents-at-once", phase: resumed ? "resume" : "restart", story };
      }),
    );
    return judged(violations);
  },
};
