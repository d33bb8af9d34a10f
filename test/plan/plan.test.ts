import { expect, test } from "vitest";
import { BoundarySchema } from "../../harness/plan/plan.ts";

test("a script of more than one line is none: the shim would take the next ones for what it is told", () => {
  const boundary = { life: 1, operation: 3, mode: "before" };
  const takes = (script: string) => BoundarySchema.safeParse({ ...boundary, script }).success;
  expect(takes("subject/server.cjs")).toBe(true);
  expect(takes("server.cjs\ntrace=/elsewhere")).toBe(false);
  expect(takes("server.cjs\0")).toBe(false);
  expect(takes("")).toBe(false);
});
