/**
 * Every way to break a promise that a check must find: one change to the record of a perfect run, labelled by hand with
 * all that follows from it, so that a check that sees too much is noticed like one that sees too little.
 */
import { describe, expect, test } from "vitest";
import { checks, judge } from "../../harness/check/index.ts";
import { calls } from "./broken/calls.ts";
import type { Draft } from "./broken/change.ts";
import { flags } from "./broken/flags.ts";
import { history } from "./broken/history.ts";
import { recovery } from "./broken/recovery.ts";

const cases = [...history, ...calls, ...recovery, ...flags];

describe("each broken promise is found", () => {
  test.each(cases.map((one) => [one.promise, one.what, one] as const))("%s: %s", (_promise, _what, one) => {
    const check = checks.find(({ promise }) => promise === one.promise) ?? expect.fail();
    const whole = one.run();
    if (one.breaks !== undefined) expect(check.judge(whole).status, "before the break").not.toBe("fail");
    const run = structuredClone(whole) as Draft;
    one.breaks?.(run);
    const result = check.judge(run);
    expect(result.status).toBe("fail");
    if (result.status !== "fail") return;
    expect(result.violations.map(({ kind, phase }) => `${kind}/${phase}`)).toContain(one.kind);
    for (const { kind, story: words } of result.violations) {
      expect(kind).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(words.length).toBeGreaterThan(20);
    }
  });

  test.each(cases.map((one) => [one.promise, one.what, one] as const))(
    "nothing but what follows from it is found broken: %s: %s",
    (_promise, _what, one) => {
      const run = structuredClone(one.run()) as Draft;
      one.breaks?.(run);
      const label = [`${one.promise}/${one.kind}`, ...(one.also ?? [])];
      expect([...judge(run).signatures].sort()).toEqual(label.sort());
    },
  );

  test("every check finds some break that no other sees, or says why it stays", () => {
    const alone = new Set(cases.filter(({ also = [] }) => also.length === 0).map(({ promise }) => promise));
    const idle = checks.filter(({ promise, stays }) => !alone.has(promise) && stays === undefined);
    expect(idle.map(({ promise }) => promise)).toEqual([]);
  });

  test("every check has at least two of them", () => {
    for (const { promise } of checks)
      expect(cases.filter((one) => one.promise === promise).length, promise).toBeGreaterThanOrEqual(2);
  });
});
