/**
 * Did a line on an agent's pipe reach the orchestrator? A pipe leaves no file, so this is told from what clients
 * were shown and from the life of the server that held the other end.
 *
 * Always: "maybe" where neither proves it.
 */
import type { Emission } from "./attempts.ts";
import { attemptsOf, type Facts } from "./facts.ts";
import type { TruthValue } from "./truth-value.ts";

/** For a subject on pipes. A line is received if it, or a later line of the same agent, was shown to a client. */
export function receivedOverPipe(
  facts: Facts,
  session: number,
  callId: string,
  type: "call" | "result",
): TruthValue {
  for (const attempt of attemptsOf(facts, session)) {
    const index = attempt.emissions.findIndex((line) => line.callId === callId && line.type === type);
    const line = attempt.emissions[index];
    if (line === undefined) continue;
    if (line.failed) return "no";
    if (attempt.emissions.slice(index).some((later) => wasShown(facts, session, later))) return "yes";
    if (line.doneNs === undefined) return "maybe";
    return readerGone(facts, attempt.startNs, line.doneNs) ? "no" : "maybe";
  }
  return "no";
}

/** Was this line shown to any client, up to a moment? */
export function wasShown(facts: Facts, session: number, line: Emission, untilNs?: bigint): boolean {
  if (line.callId === undefined) return false;
  return facts.shown.some(
    (shown) =>
      shown.session === session &&
      shown.event.callId === line.callId &&
      shown.event.type === line.type &&
      (untilNs === undefined || shown.ns <= untilNs),
  );
}

/** The life of the server that started the agent had ended by then. */
function readerGone(facts: Facts, startedNs: bigint, emittedNs: bigint): boolean {
  for (const entry of facts.run.history) {
    const ns = BigInt(entry.t);
    if (ns > emittedNs) return false;
    if (entry.kind === "server-exit" && ns > startedNs) return true;
  }
  return false;
}
