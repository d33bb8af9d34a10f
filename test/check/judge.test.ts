import { describe, expect, test } from "vitest";
import type { Check } from "../../harness/check/contract.ts";
import { checks, judge } from "../../harness/check/index.ts";
import type { RunRecord } from "../../harness/history.ts";
import type { Shown } from "../../harness/subject/contract.ts";
import { Forge, kill, round } from "./forge.ts";
import * as story from "./stories.ts";

const failing = (kind: string): Check => ({
  promise: "p",
  says: "",
  judge: () => ({
    status: "fail",
    violations: [
      { kind, phase: "settled", story: "s" },
      { kind, phase: "settled", story: "again" },
    ],
  }),
});
const unknown: Check = { promise: "u", says: "", judge: () => ({ status: "unknown", why: "no cut" }) };
const throwing: Check = {
  promise: "t",
  says: "",
  judge: () => {
    throw new Error("a bug");
  },
};
const passing: Check = { promise: "ok", says: "", judge: () => ({ status: "pass" }) };

describe("the verdict", () => {
  test("a defect outweighs everything, and each signature is told once", () => {
    const judgement = judge({ ...story.clean(), infra: "disk full" }, [unknown, failing("x"), failing("y")]);
    expect(judgement.verdict).toBe("defect");
    expect(judgement.signatures).toEqual(["p/x/settled", "p/y/settled"]);
  });
  test("unknown is no pass, and neither is a check that throws", () => {
    expect(judge(story.clean(), [passing, unknown]).verdict).toBe("unknown");
    const judgement = judge(story.clean(), [passing, throwing]);
    expect([judgement.verdict, judgement.why]).toEqual(["unknown", "t: the check threw: a bug"]);
  });
  test("a fault that did not fire makes the run invalid", () => {
    expect(judge(story.clean({ rounds: [round(kill("both"))] })).verdict).toBe("invalid");
  });
  test("a failure of the harness is no unknown", () => {
    const run = { ...story.cutAfterResult(), infra: "disk full" };
    expect(judge({ ...run, history: [], cuts: [], ledgers: [] }).verdict).not.toBe("pass");
    expect(judge(run, [unknown]).verdict).toBe("infra");
  });
  test("all checks agree to an empty record without throwing", () => {
    const empty: RunRecord = { ...story.clean(), history: [], ledgers: [], cuts: [], sessionIds: [] };
    for (const check of checks) expect(() => check.judge(empty), check.promise).not.toThrow();
  });
  test("no record without its cuts passes", () => {
    expect(judge({ ...story.cutAfterResult(), cuts: [] }).verdict).not.toBe("pass");
  });
});

describe("what was damaged", () => {
  /** The result's line was destroyed in the spool, and the history lacks it. */
  function damaged(reported: readonly Shown[]): RunRecord {
    const forge = new Forge({ rounds: [round(kill("both"))] });
    const agent = forge.start().whole(0);
    forge.fault(kill("both"), [agent]);
    const path = "/o/spool-0-1";
    const spool = forge.files.get(path) ?? expect.fail();
    const fromByte = Buffer.byteLength(spool.text.slice(0, spool.text.lastIndexOf('{"type":"tool.result"')));
    const toByte = Buffer.byteLength(spool.text);
    forge.add({ kind: "damage", round: 0, role: "spool", path, how: "nul", session: 0, fromByte, toByte });
    const of = forge.of(0);
    const lost = of.history.findIndex(({ type }) => type === "result");
    of.history.splice(
      lost,
      1,
      ...reported.map((hole) => ({ ...hole, range: hole.range ?? { fromByte, toByte } })),
    );
    forge.restart();
    return forge.settle();
  }
  const lost = checks.find(({ promise }) => promise === "no-lost-shown-event") ?? expect.fail();

  test("may be missing inside a hole that is reported with its range", () => {
    expect(lost.judge(damaged([{ type: "hole" }])).status).toBe("pass");
  });
  test("may not be missing without a word", () => {
    expect(lost.judge(damaged([])).status).toBe("fail");
  });
  test("may not be missing beside a hole that is reported elsewhere", () => {
    expect(lost.judge(damaged([{ type: "hole", range: { fromByte: 0, toByte: 5 } }])).status).toBe("fail");
  });
});

describe("what a subject cannot do", () => {
  test("is not applicable, never a pass", () => {
    const run = story.orphan({ can: { cursor: false, resume: false } });
    const status = (promise: string) =>
      judge(run).results.find(({ check }) => check.promise === promise)?.result.status;
    expect(status("stream-resumes-without-gap")).toBe("not-applicable");
    expect(status("settles")).toBe("not-applicable");
  });
});
