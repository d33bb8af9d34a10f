/**
 * Draws what agents are to do: sessions, their turns, and in these replies and calls.
 */
import fc from "fast-check";
import type { Abilities } from "../../subject/contract.ts";
import type { Call, PlanSession, Reply } from "../plan.ts";
import { simplestFirst } from "./choice.ts";

const resultChars = simplestFirst(
  { weight: 10, arbitrary: fc.nat(200) },
  // Ada's log cuts at 2 000 characters: around it, and well past it.
  { weight: 2, arbitrary: fc.integer({ min: 1_900, max: 2_200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5_000, max: 120_000 }) },
);

const text = fc.oneof(
  fc.constant("I will look at it."),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
);

const call: fc.Arbitrary<Call> = fc
  .record({
    outcome: simplestFirst(
      { weight: 5, arbitrary: fc.constant<Call["outcome"]>("append") },
      { weight: 1, arbitrary: fc.constant<Call["outcome"]>("fail") },
    ),
    resultChars,
    style: fc.constantFrom("ascii" as const, "unicode" as const),
    isEqual: simplestFirst(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  })
  .map(({ isEqual, ...rest }) => (isEqual ? { ...rest, equalTo: 0 } : rest));

const reply: fc.Arbitrary<Reply> = fc
  .record({
    text: fc.option(text, { nil: undefined, freq: 2 }),
    calls: fc.array(call, { minLength: 1, maxLength: 3 }),
    parallel: fc.boolean(),
  })
  .map(({ text: words, calls, parallel }) => ({
    ...(words === undefined ? {} : { text: words }),
    // The first call of a reply has nothing before it that it could equal.
    calls: calls.map((planned, at) => (at === 0 ? withoutEqual(planned) : planned)),
    parallel,
  }));

function withoutEqual({ outcome, resultChars: chars, style }: Call): Call {
  return { outcome, resultChars: chars, style };
}

const turn = fc.record({
  script: fc.record({
    replies: fc.array(reply, { minLength: 1, maxLength: 3 }),
    finalText: fc.constant("All done."),
  }),
});

const session: fc.Arbitrary<PlanSession> = fc.record({
  storeLag: fc.constantFrom("ada" as const, "log-behind" as const),
  turns: fc.oneof(
    { weight: 5, arbitrary: fc.array(turn, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(turn, { minLength: 1, maxLength: 2 }) },
  ),
});

/** A subject that names its agents gets them as they are: none of them logs behind its own words. */
export function sessionOf({ agents }: Abilities): fc.Arbitrary<PlanSession> {
  if (agents === undefined) return session;
  return fc
    .tuple(session, fc.constantFrom(...agents))
    .map(([planned, agent]) => ({ ...planned, agent, storeLag: "ada" }));
}
