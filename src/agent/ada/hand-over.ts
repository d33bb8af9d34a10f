/**
 * What a resumed Ada gets: a snapshot that holds everything that was finished, and a first message that names
 * what is not known. Ada sends its model the snapshot's messages and the prompt, and nothing else.
 *
 * Always: pure, and the same twice: from a snapshot that it rebuilt it makes the same one again, and then there is
 * nothing to repair.
 */
import type { SourceCut } from "../../model/evidence.ts";
import type { Fact } from "../../model/fact.ts";
import { canonicalJson } from "../../model/json.ts";
import { isoTime } from "../../model/time.ts";
import { type Turn, type TurnOpener, turnsOf } from "../../model/turn.ts";
import type { CallVerdict, Verdict } from "../../model/verdict.ts";
import type { HandOver, HandOverRequest, StoreRepair } from "../contract.ts";
import { rebuildMessages } from "./messages.ts";
import { prefaced } from "./preface.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { adaAbilities, storePaths } from "./store.ts";

/** Words the hand-over of an Ada session. */
export function handOver(request: HandOverRequest): HandOver {
  const { verdict, prompt } = request;
  const path = storePaths(request.cwd, request.agentSessionId).snapshot;
  const snapshot = snapshotOf(request.snapshotText, path ?? "");
  const turns = turnsOf(withSnapshot(request.sources, snapshot), openersOf(request));
  const sends = sendsOf(verdict);
  const answered = sends.filter(({ as, call }) => as === "result" && call.result !== undefined);
  const inMessages = answered.filter(({ call }) => !isLone(call));
  const byPlace = new Map(inMessages.map(({ call }) => [placeOf(call), call]));
  const callOf = (turn: Turn, callId: string) =>
    byPlace.get(placeOf({ ...turn, turn: turn.index, id: callId }));
  const rebuilt = rebuildMessages(turns, snapshot?.messages ?? [], callOf, prompt);
  const told = {
    handOverId: request.handOverId,
    unknown: sends.filter(({ as }) => as === "unknown").map(({ call }) => call),
    outputLost: sends
      .filter(({ as, call }) => as === "result" && call.result === undefined)
      .map(({ call }) => call),
    callLost: answered.filter(({ call }) => isLone(call)).map(({ call }) => call),
  };
  const isSilent =
    told.unknown.length + told.outputLost.length + told.callLost.length === 0 &&
    hasNothingToSay(verdict, turns);
  return {
    prompt: isSilent ? prompt : prefaced(told, prompt),
    repairs: path === undefined ? [] : repairsOf(request, path, snapshot, rebuilt.messages),
    sends: sends.map(({ call: { id: callId }, as }) => ({
      callId,
      as,
      shortened: as === "result" && rebuilt.shortened.has(callId),
    })),
  };
}

/** A result whose call no source has any more: what was called is not known, so it has no place in the messages. */
function isLone({ state }: CallVerdict): boolean {
  return state === "unpaired-result";
}

function snapshotOf(text: string | undefined, path: string): Snapshot | undefined {
  if (text === undefined) return undefined;
  const read = readSnapshot(new TextEncoder().encode(text), path);
  return read.ok ? read.snapshot : undefined;
}

/** The snapshot as it is now takes the place of the one that was judged. */
function withSnapshot(sources: readonly SourceCut[], snapshot: Snapshot | undefined): SourceCut[] {
  const facts: Fact[] = snapshot?.messages.flatMap((message) => message.facts) ?? [];
  const cut: SourceCut = { source: "S", status: "read", abilities: adaAbilities.S, facts, damage: [] };
  return [...sources.filter(({ source }) => source !== "S"), cut];
}

function openersOf({ earlierPrompts, verdict }: HandOverRequest): TurnOpener[] {
  return earlierPrompts.map(({ attempt, text, given }) => {
    const state = verdict.attempts.find((other) => other.attempt === attempt)?.state;
    const opener = { attempt, prompt: text, started: state !== "never-started" };
    return given === undefined ? opener : { ...opener, given };
  });
}

interface Send {
  readonly call: CallVerdict;
  readonly as: "result" | "unknown";
}

/** A call that was named as unknown to an attempt that then came to its end is not named for ever. */
function sendsOf({ calls, recovery, attempts }: Verdict): Send[] {
  const settled = attempts.findLast(({ state }) => state === "completed")?.attempt ?? 0;
  return calls.flatMap((call, index): Send[] => {
    const as = recovery.sends[index]?.as;
    if (as === "result") return [{ call, as }];
    const isTold = call.attempt !== undefined && call.attempt < settled;
    return as === "unknown" && !isTold ? [{ call, as }] : [];
  });
}

/** A call is found by its attempt, or by its turn where no attempt of ours opened it. */
function placeOf({ attempt, turn, id }: { attempt?: number; turn?: number; id: string }): string {
  return attempt === undefined ? `turn ${turn} ${id}` : `attempt ${attempt} ${id}`;
}

function hasNothingToSay({ run }: Verdict, turns: readonly Turn[]): boolean {
  return run.state === "completed" || turns.every(({ O, L, S }) => O.length + L.length + S.length === 0);
}

function repairsOf(
  request: HandOverRequest,
  path: string,
  snapshot: Snapshot | undefined,
  messages: readonly unknown[],
): StoreRepair[] {
  const isSame = canonicalJson(snapshot?.fields.messages) === canonicalJson(messages);
  if (snapshot !== undefined && isSame) return [];
  const now = isoTime(request.nowMs);
  const model = modelOf(request.sources);
  // Fields that are there stay where they are, so that a person sees in the diff what changes and nothing else.
  const known = snapshot?.fields ?? {};
  const fields = {
    ...known,
    id: request.agentSessionId,
    workingDirectory: known.workingDirectory ?? request.cwd,
    ...(model === undefined || known.model !== undefined ? {} : { model }),
    messages,
    createdAt: known.createdAt ?? now,
    lastActiveAt: now,
    status: known.status ?? "active",
  };
  const why =
    snapshot === undefined
      ? "The agent's snapshot was not there or could not be read; it is rebuilt from the record."
      : "The agent's snapshot lacked what the record holds; it is rebuilt from the record.";
  return [{ path, bytes: new TextEncoder().encode(JSON.stringify(fields, undefined, 2)), why }];
}

function modelOf(sources: readonly SourceCut[]): string | undefined {
  for (const { body } of sources.flatMap(({ facts }) => facts)) {
    if (body.kind === "session" && body.model !== undefined) return body.model;
  }
  return undefined;
}
