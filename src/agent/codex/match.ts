/**
 * Gives the calls of Codex's stream the ids that the rollout has for them.
 *
 * The stream counts items, the rollout has the model's call ids; what they share is the order and the command.
 * Always: pure; a call that only one of them has stays as it is, and no pair crosses another.
 */
import type { SourceCut } from "../../model/evidence.ts";
import type { CallFact, Fact, FactBody } from "../../model/fact.ts";
import { canonicalJson, isRecord } from "../../model/json.ts";
import { alignInOrder } from "../../model/order.ts";
import { shellWords } from "./shell-words.ts";

/** Laying out more pairs than this would cost more memory than the answer is worth: then each goes to the next equal one. */
const pairsMax = 4_000_000;

/** See `matchStream` of the adapter. */
export function matchStream(sources: readonly SourceCut[]): readonly SourceCut[] {
  const stored = callsIn(sources, "L");
  const streamed = callsIn(sources, "O").sort((left, right) => (left.attempt ?? 0) - (right.attempt ?? 0));
  if (stored.length === 0 || streamed.length === 0) return sources;
  const pairs = pairsOf(
    streamed.map(({ body }) => keyOf(body)),
    stored.map(({ body }) => keyOf(body)),
  );
  const renamed = new Map<string, CallFact>();
  streamed.forEach(({ attempt, body }, index) => {
    const call = stored[pairs[index] ?? -1]?.body;
    if (call !== undefined) renamed.set(placeOf(attempt, body.callId), call);
  });
  return sources.map((cut) => {
    if (cut.source !== "O") return cut;
    return { ...cut, facts: cut.facts.map((fact) => ({ ...fact, body: rename(fact, renamed) })) };
  });
}

interface CallAt {
  readonly attempt: number | undefined;
  readonly body: CallFact;
}

function callsIn(sources: readonly SourceCut[], name: "O" | "L"): CallAt[] {
  const facts = sources.filter(({ source }) => source === name).flatMap(({ facts }) => facts);
  return facts.flatMap(({ attempt, body }) => (body.kind === "call" ? [{ attempt, body }] : []));
}

function placeOf(attempt: number | undefined, callId: string): string {
  return `${attempt ?? 0} ${callId}`;
}

function rename({ attempt, body }: Fact, renamed: ReadonlyMap<string, CallFact>): FactBody {
  if (body.kind !== "call" && body.kind !== "result") return body;
  const call = renamed.get(placeOf(attempt, body.callId));
  if (call === undefined) return body;
  return body.kind === "call" ? call : { ...body, callId: call.callId };
}

/** What both say of a call: the command, or nothing but its kind. */
function keyOf({ name, input }: CallFact): string {
  if (!isRecord(input)) return name === "apply_patch" ? "patch" : `${name} ${canonicalJson(input)}`;
  if (name === "file_change" || name === "apply_patch") return "patch";
  const command = input.cmd ?? input.command;
  if (typeof command === "string") return `run ${isStreamed(name) ? lastWord(command) : command}`;
  if (Array.isArray(command)) return `run ${String(command.at(-1))}`;
  return `${name.split(".").at(-1)?.split("__").at(-1)} ${canonicalJson(input)}`;
}

function isStreamed(name: string): boolean {
  return name === "command_execution";
}

/** `/bin/bash -lc 'echo one'`: the command stands last. */
function lastWord(command: string): string {
  return shellWords(command).at(-1) ?? command;
}

function pairsOf(left: readonly string[], right: readonly string[]): (number | undefined)[] {
  if (left.length * right.length <= pairsMax) {
    return alignInOrder(left, right, (one, other) => (one === other ? 1 : 0));
  }
  let next = 0;
  return left.map((key) => {
    const found = right.indexOf(key, next);
    if (found === -1) return undefined;
    next = found + 1;
    return found;
  });
}
