/** To which turn a part of a log belongs whose prompt cannot be read. */
import { describe, expect, test } from "vitest";
import type { SourceCut } from "../../src/model/evidence.ts";
import type { Fact, FactBody } from "../../src/model/fact.ts";
import { turnsOf } from "../../src/model/turn.ts";

const attempts = [1, 2].map((attempt) => ({ attempt, prompt: `prompt ${attempt}`, started: true }));
const words: FactBody = { kind: "text", text: "I will look at it." };
const call: FactBody = { kind: "call", callId: "a", name: "t", input: 1 };
const announced: FactBody = { ...call, kind: "announced" };

function cutOf(source: "O" | "L", said: readonly FactBody[], attempt?: number, hole?: number): SourceCut {
  const facts = said.map((body, k): Fact => {
    const place = { source, path: source, range: { fromByte: k * 10, toByte: k * 10 + 9 }, k, body };
    return attempt === undefined ? place : { ...place, attempt };
  });
  const range = { fromByte: (hole ?? 0) * 10 - 1, toByte: (hole ?? 0) * 10 };
  const damage = hole === undefined ? [] : [{ code: "nul-run" as const, path: source, range, detail: "" }];
  return { source, path: source, status: "read", abilities: {}, facts, damage };
}

/** Kinds of what the log tells of each turn. */
function loggedIn(first: readonly FactBody[], second: readonly FactBody[], behindHole: readonly FactBody[]) {
  const log = cutOf("L", [{ kind: "prompt", text: "prompt 1" }, ...behindHole], undefined, 1);
  const turns = turnsOf([cutOf("O", first, 1), cutOf("O", second, 2), log], attempts);
  return turns.map(({ L }) => L.map(({ body }) => body.kind));
}

test("it is the turn of its calls, also where a later one says the same words", () => {
  expect(loggedIn([words, call], [words], [words, announced])).toEqual([["prompt", "text", "announced"], []]);
  expect(loggedIn([words], [words, call], [words, announced])).toEqual([["prompt"], ["text", "announced"]]);
});

test("without calls, the words tell", () => {
  expect(loggedIn([call], [words], [words])).toEqual([["prompt"], ["text"]]);
});

describe("where the head of the log is lost", () => {
  const opened = [1, 2, 3, 4].map((attempt) => ({
    attempt,
    prompt: `prompt ${attempt}`,
    started: attempt > 1,
  }));
  const fourth: FactBody = { kind: "prompt", text: "prompt 4" };

  /** Attempts whose turn the log tells something of, where these have spoken. */
  function toldOf(spoke: readonly number[], said: readonly FactBody[]): (number | undefined)[] {
    const streams = spoke.map((attempt) => cutOf("O", [call], attempt));
    const turns = turnsOf([...streams, cutOf("L", [words, ...said], undefined, 0)], opened);
    return turns.filter(({ L }) => L.length > 0).map(({ attempt }) => attempt);
  }

  test("it is the last turn before what stands behind it, also while nothing stands there yet", () => {
    expect(toldOf([2, 3], [])).toEqual([3]);
    expect(toldOf([2, 3, 4], [fourth])).toEqual([3, 4]);
  });

  test("of those that spoke, if any did", () => {
    expect(toldOf([2], [])).toEqual([2]);
    expect(toldOf([2], [fourth])).toEqual([2, 4]);
    expect(toldOf([], [fourth])).toEqual([3, 4]);
  });
});
