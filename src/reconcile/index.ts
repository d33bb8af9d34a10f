/** Judges a cut of evidence: pure, no clock, no randomness, no input or output. */
import type { Evidence } from "../model/evidence.ts";
import type { Verdict } from "../model/verdict.ts";

export function reconcile(evidence: Evidence): Verdict {
  return {
    schema: 1,
    sessionId: evidence.session.id,
    run: { state: "interrupted" },
    attempts: [],
    calls: [],
    findings: [],
    recovery: { action: "ask", why: "not judged yet", sends: [] },
  };
}
