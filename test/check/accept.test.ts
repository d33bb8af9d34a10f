import { describe, expect, test } from "vitest";
import { judge } from "../../harness/check/index.ts";
import { crashLoss, type HistoryEntry, type RunRecord } from "../../harness/history.ts";
import { scoreFlags } from "../../harness/oracle/flags.ts";
import { stories } from "./stories.ts";

describe("a perfect orchestrator", () => {
  test.each(Object.entries(stories))("is found to keep every promise: %s", (_name, story) => {
    const judgement = judge(story());
    const broken = judgement.defects.map(({ signature, violation }) => `${signature}: ${violation.story}`);
    expect(broken).toEqual([]);
    expect(judgement.verdict, judgement.why).toBe("pass");
  });

  test("is not asked for bytes that a power cut took after it had cited them", () => {
    const run = structuredClone(stories.cutAfterEffect?.() ?? expect.fail()) as RunRecord & {
      history: HistoryEntry[];
    };
    const observed = run.history.findLastIndex((one) => one.kind === "observe" && one.label === "observe");
    const entry = run.history[observed];
    if (entry?.kind !== "observe") throw new Error("the story has no second look");
    const from = entry.cut;
    const logAt = (cut: number) => run.cuts[cut]?.files.find(({ role }) => role === "agent-log");
    const cites = [
      {
        source: "L",
        path: logAt(from)?.path ?? "",
        range: { fromByte: 0, toByte: logAt(from)?.content?.length ?? 0 },
        value: "quoted",
      },
      { source: "P", value: "no process" },
    ];
    const sessions = entry.sessions.map((one) => ({
      ...one,
      flags: one.flags === "no-surface" ? one.flags : one.flags.map((flag) => ({ ...flag, cites })),
    }));
    run.history[observed] = { ...entry, sessions };
    const next = run.cuts.find(({ cut }) => cut === from + 1) ?? expect.fail();
    const log = next.files.find(({ role }) => role === "agent-log") ?? expect.fail();
    const zeros = { ...log, content: "\0".repeat((log.content?.length ?? 0) + 1_000) };
    const files = next.files.map((file) => (file === log ? zeros : file));
    const cuts = run.cuts.map((cut) => (cut === next ? { ...next, files } : cut));
    const lost = (how: string): RunRecord => {
      const loss = {
        t: next.t,
        kind: "damage" as const,
        round: 0,
        role: "log" as const,
        path: log.path,
        how,
      };
      const history = [...run.history];
      history.splice(observed + 1, 0, { ...loss, fromByte: 0, toByte: zeros.content.length });
      return { ...run, cuts, history };
    };
    const broken = (how: string) => judge(lost(how)).signatures.filter((one) => one.startsWith("flag-cites"));
    expect(broken(crashLoss)).toEqual([]);
    expect(broken("nul")).toEqual(["flag-cites-cause/cite-without-call/restart"]);
  });

  test("is judged by each check at least once", () => {
    const judged = new Set(
      Object.values(stories).flatMap((story) =>
        judge(story()).results.flatMap(({ check, result }) =>
          result.status === "pass" ? [check.promise] : [],
        ),
      ),
    );
    expect(judged.size).toBe(18);
  });

  test("raises required flags, and rightly raises none where nothing diverged", () => {
    const cut = scoreFlags(stories.cutAfterEffect?.() ?? expect.fail()).totals;
    expect(cut).toMatchObject({ truePositive: 3, falsePositive: 0, falseNegative: 0, trueNegative: 5 });
    const near = scoreFlags(stories.cutAfterEnd?.() ?? expect.fail()).totals;
    expect(near).toMatchObject({ truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 8 });
  });
});
