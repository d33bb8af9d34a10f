/**
 * The trace of a run: per source its entries in order, without ids, times and tokens.
 *
 * Two executions of a lockstep plan have equal traces. Order between sources is not in it, since it is not fixed.
 */
import { createHash } from "node:crypto";
import type { HistoryEntry, RunRecord } from "../history.ts";
import type { LedgerEntry } from "../ledger.ts";

/** Source name → its entries. */
export type Trace = Readonly<Record<string, readonly string[]>>;

export function traceOf(run: RunRecord): Trace {
  const trace: Record<string, string[]> = {};
  const steps = stepOfCallId(run);
  for (const entry of run.history) {
    const told = tellHistory(entry, steps);
    if (told !== undefined) trace[told.source] = [...(trace[told.source] ?? []), told.text];
  }
  for (const entries of run.ledgers) {
    const [start] = entries;
    if (start?.kind !== "start") continue;
    trace[`agent s${start.session} a${start.attempt}`] = entries.flatMap(tellLedger);
  }
  return trace;
}

/** One short word for a trace: equal traces, equal words. */
export function traceHash(trace: Trace): string {
  const ordered = Object.keys(trace)
    .sort()
    .map((source) => [source, trace[source]]);
  return createHash("sha256").update(JSON.stringify(ordered)).digest("hex").slice(0, 16);
}

/** The first place where two traces differ, in words; undefined when they are equal. */
export function firstDifference(left: Trace, right: Trace): string | undefined {
  for (const source of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()) {
    const [one, other] = [left[source] ?? [], right[source] ?? []];
    const at = Array.from({ length: Math.max(one.length, other.length) }, (_, n) => n).find(
      (n) => one[n] !== other[n],
    );
    if (at !== undefined)
      return `${source}, entry ${at + 1}: "${one[at] ?? "nothing"}" and "${other[at] ?? "nothing"}"`;
  }
  return undefined;
}

function stepOfCallId(run: RunRecord): ReadonlyMap<string, string> {
  const steps = new Map<string, string>();
  for (const entry of run.ledgers.flat()) {
    if ("callId" in entry && entry.callId !== undefined && entry.step !== undefined)
      steps.set(entry.callId, entry.step);
  }
  return steps;
}

function tellHistory(
  entry: HistoryEntry,
  steps: ReadonlyMap<string, string>,
): { source: string; text: string } | undefined {
  const call = (id: string | undefined) => (id === undefined ? "-" : (steps.get(id) ?? "a call nobody made"));
  switch (entry.kind) {
    case "server-start":
      return { source: "driver", text: `server ${entry.life}` };
    case "fault":
      return { source: "driver", text: `${JSON.stringify(entry.fault)} at ${entry.at} ${entry.position}` };
    case "damage":
      return { source: "driver", text: `damage ${entry.role} ${entry.how}` };
    case "refused":
    case "unanswered":
      return { source: "driver", text: `${entry.kind} ${entry.what} s${entry.session}` };
    case "submitted":
    case "resumed":
    case "settled":
      return { source: "driver", text: `${entry.kind} s${entry.session}` };
    case "watchdog":
      return { source: "driver", text: "watchdog" };
    case "observe":
      return {
        source: `observe ${entry.label}`,
        text: entry.sessions
          .map((session, at) => {
            const calls = session.calls.map(({ id, state }) => `${call(id)}=${state}`).join(" ");
            const flags =
              session.flags === "no-surface"
                ? "-"
                : session.flags
                    .map(
                      ({ code, callId, resolved }) =>
                        `${code}/${call(callId)}${resolved === true ? "/resolved" : ""}`,
                    )
                    .sort()
                    .join(" ");
            return `${at} ${session.state} ended=${session.ended} live=${session.live} [${calls}] {${flags}}`;
          })
          .sort()
          .join(" | "),
      };
    default:
      return undefined;
  }
}

function tellLedger(entry: LedgerEntry): string[] {
  switch (entry.kind) {
    case "model-input":
      return [`knows ${JSON.stringify(entry.knows)}`];
    case "out":
      return [`out ${entry.phase} ${entry.event} ${entry.step ?? ""}`];
    case "store":
      return [`store ${entry.phase} ${entry.event} ${entry.step ?? ""}`];
    case "effect":
      return [`effect ${entry.phase} ${entry.step}`];
    case "skip":
      return [`skip ${entry.step} ${entry.why}`];
    case "exit":
      return [`exit ${entry.code}`];
    default:
      return [];
  }
}
