/** Calls as the long tests draw them. */
import fc from "fast-check";
import type { Call } from "../../harness/plan/plan.ts";

/** One call in three fails; texts are short, in ASCII or not. */
export const arbitraryCall: fc.Arbitrary<Call> = fc.record({
  outcome: fc.constantFrom("append" as const, "append" as const, "fail" as const),
  resultChars: fc.nat(300),
  style: fc.constantFrom("ascii" as const, "unicode" as const),
});
