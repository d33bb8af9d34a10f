/**
 * What must hold of the judge whatever the run: the same record is judged the same, times and ids decide nothing, a
 * flag and its cause come and go together, and no check sees more in less.
 */
import { describe, expect, test } from "vitest";
import { checks, judge } from "../../harness/check/index.ts";
import type { RunRecord } from "../../harness/history.ts";
import { scoreFlags } from "../../harness/oracle/flags.ts";
import { stories } from "./stories.ts";

const all = Object.entries(stories).map(([name, story]) => [name, story] as const);
const told = (run: RunRecord) =>
  judge(run).results.map(({ check, result }) => [
    check.promise,
    result.status === "fail" ? result.violations : result,
  ]);

/** The record with another text in the place of each word. */
function renamed(run: RunRecord, words: Readonly<Record<string, string>>): RunRecord {
  let text = JSON.stringify(run);
  for (const [word, other] of Object.entries(words)) text = text.replaceAll(word, other);
  return JSON.parse(text) as RunRecord;
}

describe.each(all)("%s", (_, story) => {
  test("the same bytes are judged the same, and judging changes nothing", () => {
    const run = story();
    const before = JSON.stringify(run);
    const first = told(run);
    expect(told(JSON.parse(before) as RunRecord)).toEqual(first);
    expect(told(run)).toEqual(first);
    expect(JSON.stringify(run)).toBe(before);
  });

  test("other ids, tokens of the same length, are judged the same", () => {
    const run = story();
    // Each name keeps its length, so that byte offsets stay true.
    const other = renamed(run, { "run-0": "nur-0", "run-1": "nur-1", call_0: "lac__0", call_1: "lac__1" });
    const same = renamed(other, { lac__0: "kall_0".slice(0, 6), lac__1: "kall_1" });
    expect(judge(same).signatures).toEqual(judge(run).signatures);
    expect(judge(same).verdict).toBe(judge(run).verdict);
  });

  test("a flag that is required and not raised is missed, that class alone; healed, it is not", () => {
    const run = story();
    for (const { session, class: name, expected, phase } of scoreFlags(run).pairs) {
      if (expected !== "required" || phase !== "restart") continue;
      const without = withoutFlags(run, session, name);
      const missed = scoreFlags(without).pairs.filter(
        (pair) => pair.outcome === "falseNegative" && pair.phase === "restart",
      );
      // Of several rounds each misses it.
      expect([...new Set(missed.map((pair) => `${pair.session} ${pair.class}`))]).toEqual([
        `${session} ${name}`,
      ]);
      expect(scoreFlags(run).totals.falseNegative).toBe(0);
    }
  });

  test("fewer checks find no more", () => {
    const run = story();
    for (const left of checks) {
      const some = judge(
        run,
        checks.filter((check) => check !== left),
      );
      for (const signature of some.signatures) expect(judge(run).signatures).toContain(signature);
    }
  });
});

function withoutFlags(run: RunRecord, session: number, name: string): RunRecord {
  const id = run.sessionIds[session];
  const history = run.history.map((entry) =>
    entry.kind !== "observe"
      ? entry
      : {
          ...entry,
          sessions: entry.sessions.map((one) =>
            one.id !== id || one.flags === "no-surface"
              ? one
              : { ...one, flags: one.flags.filter(({ code }) => code !== name) },
          ),
        },
  );
  return { ...run, history };
}
