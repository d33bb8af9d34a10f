/**
 * Small words to write evidence with. Bytes are made up: each fact takes ten of them, in order.
 */
import { ada } from "../../src/agent/ada.ts";
import type { Cite } from "../../src/model/cite.ts";
import type { AttemptEvidence, Evidence, SourceCut } from "../../src/model/evidence.ts";
import type { Damage, Fact, FactBody } from "../../src/model/fact.ts";
import type { Finding, FindingCode, Verdict } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";

export const prompt = (text: string): FactBody => ({ kind: "prompt", text });
export const text = (words: string): FactBody => ({ kind: "text", text: words });
export const call = (callId: string, input: unknown = callId, name = "run_command"): FactBody => ({
  kind: "call",
  callId,
  name,
  input: { command: input },
});
export const announced = (callId: string): FactBody => ({
  kind: "announced",
  callId,
  name: "run_command",
  input: callId,
});
export const result = (callId: string, content = `out ${callId}`): FactBody => ({
  kind: "result",
  callId,
  content,
  isError: false,
  cut: false,
});
export const failure = (callId: string, content = `bad ${callId}`): FactBody => ({
  kind: "result",
  callId,
  content,
  isError: true,
  cut: false,
});
export const cutResult = (callId: string, content: string): FactBody => ({
  kind: "result",
  callId,
  content,
  isError: false,
  cut: true,
});
export const end = (outcome: "completed" | "failed" = "completed"): FactBody => ({
  kind: "turn-end",
  outcome,
});
export const started = (agentSessionId = "s"): FactBody => ({ kind: "session", agentSessionId });

export function facts(
  source: "O" | "L" | "S" | "J",
  bodies: readonly FactBody[],
  path: string,
  attempt?: number,
): Fact[] {
  return bodies.map((body, index) => ({
    source,
    path,
    range: { fromByte: index * 10, toByte: index * 10 + 9 },
    k: 0,
    body,
    ...(attempt === undefined ? {} : { attempt }),
  }));
}

export interface Options {
  readonly damage?: readonly Damage[];
  readonly status?: SourceCut["status"];
}

/** The spool of an attempt. */
export function O(attempt: number, bodies: readonly FactBody[], options: Options = {}): SourceCut {
  return cut("O", bodies, `/run/${attempt}/spool`, options, attempt);
}

export function L(bodies: readonly FactBody[], options: Options = {}): SourceCut {
  return cut("L", bodies, "/w/events/s.jsonl", options);
}

export function S(bodies: readonly FactBody[], options: Options = {}): SourceCut {
  return cut("S", bodies, "/w/sessions/s.json", options);
}

export function J(damage: readonly Damage[]): SourceCut {
  return { ...cut("J", [], "/run/journal/1", { damage }), abilities: {} };
}

function cut(
  source: "O" | "L" | "S" | "J",
  bodies: readonly FactBody[],
  path: string,
  { damage = [], status = "read" }: Options,
  attempt?: number,
): SourceCut {
  const abilities = source === "J" ? {} : ada.abilities[source];
  return { source, path, status, abilities, facts: facts(source, bodies, path, attempt), damage };
}

export const missing = (cutAway: SourceCut): SourceCut => ({ ...cutAway, status: "missing", facts: [] });

export function damage(code: Damage["code"], path = "/w/events/s.jsonl", fromByte = 30): Damage {
  return { code, path, range: { fromByte, toByte: fromByte + 10 }, detail: `Damage: ${code}` };
}

/** The attempt's prompt is `p<attempt>`; its agent is dead. */
export function attempt(number: number, changes: Partial<AttemptEvidence> = {}): AttemptEvidence {
  return {
    attempt: number,
    runId: `r${number}`,
    prompt: `p${number}`,
    started: "yes",
    liveness: "dead",
    processCite: { source: "P", attempt: number, value: "no such process" },
    dispatchCite: { source: "J", attempt: number, value: `dispatch ${number}` },
    ...changes,
  };
}

export function evidence(
  attempts: readonly AttemptEvidence[],
  sources: readonly SourceCut[],
  changes: Partial<Evidence> = {},
): Evidence {
  return {
    schema: 1,
    session: { id: "s", agent: "ada", gated: false },
    attempts,
    sources,
    decisions: [],
    probes: [],
    bootChanged: false,
    resumesFrom: "snapshot",
    ...changes,
  };
}

/** The verdict on these sources; one attempt, whose agent is gone, where none is given. */
export function judged(
  sources: Evidence["sources"],
  changes: Partial<Evidence> = {},
  attempts: Evidence["attempts"] = [attempt(1)],
): Verdict {
  return reconcile(evidence(attempts, sources, changes));
}

export function codes(verdict: Verdict): FindingCode[] {
  return [...new Set(verdict.findings.map(({ code }) => code))].sort();
}

export function finding(verdict: Verdict, code: FindingCode): Finding | undefined {
  return verdict.findings.find((one) => one.code === code);
}

/** `id: effect/modelKnows/state` of every call. */
export function told(verdict: Verdict): string[] {
  return verdict.calls.map(({ id, effect, modelKnows, state }) => `${id}: ${effect}/${modelKnows}/${state}`);
}

/** Of each cite its source and byte; of one that is no record, its file; of one without a file, what it says. */
export function placesOf({ cites }: { readonly cites: readonly Cite[] }): string[] {
  return cites.map(({ source, attempt, range, path, value }) => {
    if (range !== undefined) return `${source}${attempt ?? ""}:${range.fromByte}`;
    return `${source}${attempt ?? ""} ${path ?? value}`;
  });
}
