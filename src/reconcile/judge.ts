/**
 * What the sources together say of one call: did it happen, and do they contradict one another?
 *
 * Always: a result in any source settles the call; a person's word and a probe count only where no result does;
 * of an error and a success the success wins, so that what was done is never done again, and the contradiction is
 * named. A result of the log or the stream outweighs the snapshot's, which is a cache.
 * Never: a missing result is not taken for a failure, nor a missing record for a call that was not made.
 */
import type { DecisionEvidence, Evidence, ProbeEvidence, ToolEvidence } from "../model/evidence.ts";
import { bestResult, resultsAgree } from "../model/result.ts";
import type { Effect } from "../model/verdict.ts";
import type { Call, ResultAt } from "./call.ts";

/** Is the agent that made the call there? `none`: no attempt of ours made it. */
export type Life = "alive" | "dead" | "unknown" | "none";

/** Two results that cannot both be the result of this call. */
export interface Contradiction {
  readonly one: ResultAt;
  readonly other: ResultAt;
}

export interface Judged {
  readonly call: Call;
  readonly life: Life;
  readonly effect: Effect;
  readonly best: ResultAt | undefined;
  readonly decision: DecisionEvidence | undefined;
  /** The last look at its effect that nothing can change any more. */
  readonly probe: ProbeEvidence | undefined;
  /** Its tool's process lives on without the agent. */
  readonly orphan: ToolEvidence | undefined;
  /** The snapshot answers with an error what another source has as done. */
  readonly toldWrongly?: Contradiction;
  /** The snapshot's text differs; the answer is the same. */
  readonly snapshotDiffers?: Contradiction;
  readonly contradiction?: Contradiction;
}

/** Judges one call. */
export function judgeCall(call: Call, life: Life, evidence: Evidence): Judged {
  const decision = evidence.decisions.findLast((said) => isAbout(said, call));
  const records = call.results.filter(({ fact }) => fact.source !== "S");
  const trusted = records.length > 0 ? records : call.results;
  const best = bestResult(trusted);
  const probe = evidence.probes.findLast((look) => !look.provisional && isAbout(look, call));
  const isOpen = call.results.length === 0 && decision === undefined;
  const isAlone = life === "dead" || life === "none";
  const orphan = isOpen && isAlone ? evidence.tools?.find((tool) => isAbout(tool, call)) : undefined;
  return {
    call,
    life,
    effect: orphan === undefined ? effectOf(call, life, evidence, decision) : "running",
    best,
    decision,
    probe,
    orphan,
    ...contradictionsOf(trusted, call.results, best),
  };
}

function isAbout(said: { callId: string; attempt?: number | undefined }, { id, turn }: Call): boolean {
  return said.callId === id && (said.attempt === undefined || said.attempt === (turn.attempt ?? 0));
}

function effectOf(
  call: Call,
  life: Life,
  evidence: Evidence,
  decision: DecisionEvidence | undefined,
): Effect {
  const probes = evidence.probes.filter((probe) => !probe.provisional && isAbout(probe, call));
  const isDone =
    call.results.some(({ isError }) => !isError) ||
    decision?.outcome === "done" ||
    probes.some(({ saw }) => saw === "present");
  if (isDone) return "done";
  if (call.results.length > 0) return "failed";
  if (decision?.outcome === "not-done") return "not-started";
  if (isUnapproved(call, evidence)) return "not-started";
  if (life === "alive") return "running";
  return effectOfProbe(probes.at(-1));
}

function effectOfProbe(probe: ProbeEvidence | undefined): Effect {
  if (probe?.saw === "absent") return "not-started";
  return probe?.saw === "partly" ? "partly" : "unknown";
}

/** Only a call that waited for our word, and a journal without holes, can tell that a call was never let go. */
function isUnapproved(call: Call, evidence: Evidence): boolean {
  const { approvals, attempts, sources } = evidence;
  if (approvals === undefined || call.turn.attempt === undefined || !isGated(call, evidence)) return false;
  if (attempts.some((one) => one.attempt === call.turn.attempt && one.mayLackApprovals === true))
    return false;
  const hasHoles = sources.some(({ source, damage, status }) => {
    // A late write is too much in the journal, and hides nothing that belongs there.
    return source === "J" && (damage.some(({ code }) => code !== "late-write") || status !== "read");
  });
  return !hasHoles && !approvals.some((yes) => isAbout(yes, call));
}

/** Every call of the session asks us, or this one did. */
function isGated(call: Call, { session, sources }: Evidence): boolean {
  if (session.gated) return true;
  return sources.some(
    ({ source, facts }) =>
      source === "O" &&
      facts.some(({ attempt, body }) => {
        if (body.kind !== "permission") return false;
        return isAbout({ callId: body.callId, attempt }, call);
      }),
  );
}

/** What contradicts the best of the trusted results: another one of them, or else the snapshot's. */
function contradictionsOf(
  trusted: readonly ResultAt[],
  all: readonly ResultAt[],
  best: ResultAt | undefined,
): Pick<Judged, "contradiction" | "toldWrongly" | "snapshotDiffers"> {
  if (best === undefined) return {};
  const isOther = (result: ResultAt) => !resultsAgree(result, best);
  const record = trusted.find(isOther);
  if (record !== undefined) return { contradiction: { one: best, other: record } };
  const other = all.find(isOther);
  if (other === undefined) return {};
  if (other.isError === best.isError) return { snapshotDiffers: { one: best, other } };
  return other.isError ? { toldWrongly: { one: best, other } } : { contradiction: { one: best, other } };
}
