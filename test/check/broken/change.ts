/**
 * The words in which the record of a perfect run is broken: each changes one thing that was said or written down.
 */
import { expect } from "vitest";
import type { HistoryEntry, RunRecord } from "../../../harness/history.ts";
import type { LedgerEntry } from "../../../harness/ledger.ts";
import type { ObservedFlag, ObservedSession, Shown } from "../../../harness/subject/contract.ts";

export type Writable<T> = { -readonly [Key in keyof T]: Writable<T[Key]> };
export type Draft = Writable<RunRecord>;
export type DraftSession = Writable<ObservedSession>;
export type Label = "ready" | "observe" | "settled";

/** Changes what was said of a session at some looks. */
export function say(
  run: Draft,
  labels: readonly Label[],
  change: (observed: DraftSession) => void,
  session = 0,
): void {
  for (const entry of run.history) {
    if (entry.kind !== "observe" || !labels.includes(entry.label)) continue;
    const observed = entry.sessions.find(({ id }) => id === `run-${session}`);
    if (observed !== undefined) change(observed);
  }
}

export const looks: readonly Label[] = ["ready", "observe"];
export const always: readonly Label[] = ["ready", "observe", "settled"];

export function without(type: Shown["type"], callId: string) {
  return (observed: DraftSession) => {
    observed.history = observed.history.filter((event) => event.type !== type || event.callId !== callId);
  };
}

export function stateOf(callId: string, state: ObservedSession["calls"][number]["state"]) {
  return (observed: DraftSession) => {
    for (const one of observed.calls) if (one.id === callId) one.state = state;
  };
}

export function flagsAs(change: (flags: Writable<ObservedFlag>[]) => Writable<ObservedFlag>[]) {
  return (observed: DraftSession) => {
    if (observed.flags !== "no-surface") observed.flags = change(observed.flags);
  };
}

export const flag = (code: string, more: Partial<ObservedFlag> = {}): Writable<ObservedFlag> =>
  structuredClone({ code, cites: [{ source: "P", value: "seen" }], ...more }) as Writable<ObservedFlag>;

export function modelKnows(
  run: Draft,
  attempt: number,
  step: string,
  knows: "nothing" | "told-unknown" | "told-not-done" | "cut",
): void {
  const entry = run.ledgers[attempt - 1]?.find((one) => one.kind === "model-input");
  if (entry?.kind === "model-input") entry.knows[step] = knows;
}

/** Lets an attempt execute a step (again), at the end of its ledger. */
export function executeAgain(run: Draft, attempt: number, step: string, effectToken: string): void {
  const ledger = run.ledgers[attempt - 1] ?? expect.fail();
  const t = ledger.at(-2)?.t ?? "0";
  const callId = `call_again_${step}`;
  const again: Writable<LedgerEntry>[] = [
    { kind: "effect", t, phase: "begin", step, callId },
    { kind: "effect", t, phase: "done", step, callId },
  ];
  ledger.splice(ledger.length - 1, 0, ...again);
  const last = run.cuts.at(-1) ?? expect.fail();
  last.effects += `${effectToken}\n`;
}

export function shownEvents(run: Draft): Writable<Extract<HistoryEntry, { kind: "shown" }>>[] {
  return run.history.filter((entry) => entry.kind === "shown") as Writable<
    Extract<HistoryEntry, { kind: "shown" }>
  >[];
}

export interface Case {
  readonly promise: string;
  readonly what: string;
  readonly run: () => RunRecord;
  readonly breaks?: (run: Draft) => void;
  readonly kind: string;
  /** What else is broken by it; nothing, where left out. */
  readonly also?: readonly string[];
}

/** Acknowledges another prompt of the first session, as the run `id`. */
export function acknowledgeTurn(run: Draft, id: string): void {
  const at = run.history.findIndex(({ kind }) => kind === "submitted");
  const entry = run.history[at];
  if (entry?.kind !== "submitted") throw new Error("the story has no submit");
  run.history.splice(at + 1, 0, { ...entry, id, turn: 1, key: "another" });
}

/** Puts a damage on record, behind the fault. */
export function damage(
  run: Draft,
  what: Omit<Extract<HistoryEntry, { kind: "damage" }>, "t" | "kind" | "round">,
): void {
  const at = run.history.findIndex(({ kind }) => kind === "fault");
  const { t } = run.history[at] ?? expect.fail();
  run.history.splice(at + 1, 0, { kind: "damage", t, round: 0, ...what });
}

/** A power cut takes the first effect, and what was done is said to stand all the same. */
export function powerTook(run: Draft, labels: readonly ("observe" | "settled")[]): void {
  const at = run.history.findIndex(({ kind }) => kind === "fault") + 1;
  const { t } = run.history[at - 1] ?? expect.fail();
  const path = "/w/effects.log";
  const loss = { kind: "damage" as const, t, round: 0, role: "effects" as const, path, how: "crash" };
  run.history.splice(at, 0, { ...loss, fromByte: 0, toByte: 9 });
  for (const cut of run.cuts) cut.effects = "";
  say(run, labels, (observed) => {
    for (const one of observed.calls) one.stands = "yes";
  });
}

/** Lets every flag cite a range of the agent's log. */
export function cite(run: Draft, range: { fromByte: number; toByte: number }): void {
  const path = "/w/.coding-agent/events/ada-0.jsonl";
  const cites = [{ source: "L", path, range, value: "quoted" }];
  const also = { source: "P", value: "no process" };
  say(
    run,
    ["observe"],
    flagsAs((flags) => flags.map((one) => ({ ...one, cites: [...cites, also] }))),
  );
}

export function dropShown(run: Draft, callId: string, type: Shown["type"]): void {
  run.history = run.history.filter(
    (entry) => entry.kind !== "shown" || entry.event.callId !== callId || entry.event.type !== type,
  );
}
