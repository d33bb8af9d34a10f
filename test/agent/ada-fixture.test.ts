import { describe, expect, it } from "vitest";
import { reconcile } from "../../src/reconcile/index.ts";
import { codes, told } from "../reconcile/build.ts";
import * as real from "./fixture.ts";

describe("a real Ada, killed during its second call", () => {
  it("from its store alone: the first call is done, the second is unknown", async () => {
    const sources = await real.store(real.cutLog, real.cutSnapshot);
    const verdict = reconcile(real.evidenceOf(sources));
    expect(told(verdict)).toEqual(["call_1: done/no/result-elsewhere", "call_2: unknown/no/indeterminate"]);
    expect(verdict.run.state).toBe("interrupted-indeterminate");
    expect(codes(verdict)).toEqual(["dangling-call", "snapshot-behind-log"]);
  });

  it("with our journal and its stream: the same, and nothing more but the ghost", async () => {
    const sources = [real.spool(1, real.stdout), ...(await real.store(real.cutLog, real.cutSnapshot))];
    const verdict = reconcile(real.evidenceOf(sources, [real.attempt(1, "please do it")]));
    expect(told(verdict)).toEqual(["call_1: done/no/result-elsewhere", "call_2: unknown/no/indeterminate"]);
    expect(codes(verdict)).toEqual(["dangling-call", "ghost-running", "snapshot-behind-log"]);
    expect(verdict.recovery).toMatchObject({ action: "resume" });
  });

  it("after its own resume: both calls were issued again, and the double effect is said", async () => {
    const sources = [real.spool(1, real.stdout), ...(await real.store(real.wholeLog, real.wholeSnapshot))];
    const attempts = [real.attempt(1, "please do it"), real.attempt(2, "continue")];
    const verdict = reconcile(real.evidenceOf(sources, attempts));
    expect(told(verdict)).toEqual([
      "call_1: done/no/superseded",
      "call_2: unknown/no/superseded",
      "call_3: done/yes/completed",
      "call_4: done/yes/completed",
    ]);
    expect(verdict.run.state).toBe("completed");
    const again = verdict.findings.filter(({ code }) => code === "superseded");
    expect(again.map(({ callId }) => callId)).toEqual(["call_1", "call_2"]);
    expect(again[0]?.summary).toContain("twice");
    expect(again[1]?.summary).toContain("may be");
    // The agent overwrote its snapshot with the second turn alone.
    expect(codes(verdict)).toContain("snapshot-behind-log");
  });

  it("cites the very bytes", async () => {
    const verdict = reconcile(real.evidenceOf(await real.store(real.cutLog, real.cutSnapshot)));
    const dangling = verdict.findings.find(({ code }) => code === "dangling-call");
    const { range, path } = dangling?.cites[0] ?? {};
    expect(path).toBe(real.logPath);
    const line = Buffer.from(real.cutLog).subarray(range?.fromByte, range?.toByte).toString();
    expect(JSON.parse(line)).toMatchObject({ type: "tool_call", data: { id: "call_2" } });
  });

  it("cut at any byte: never throws, and claims nothing done whose result it does not have", async () => {
    const bytes = Buffer.from(real.wholeLog);
    const ends: number[] = [];
    for (let at = bytes.indexOf("\n"); at !== -1; at = bytes.indexOf("\n", at + 1)) ends.push(at);
    const resultEnds = new Map<string, number>();
    real.wholeLog.split("\n").forEach((line, index) => {
      const record = line === "" ? undefined : JSON.parse(line);
      if (record?.type === "tool_result") resultEnds.set(record.data.toolCallId, ends[index] ?? 0);
    });
    for (let size = 0; size <= bytes.length; size += 1) {
      const sources = await real.store(bytes.subarray(0, size), real.cutSnapshot);
      const verdict = reconcile(real.evidenceOf(sources));
      const done = verdict.calls.filter(({ effect }) => effect === "done").map(({ id }) => id);
      const proven = [...resultEnds].filter(([, at]) => at <= size).map(([id]) => id);
      expect(done).toEqual(proven);
      const isWhole =
        size === 0 || size === bytes.length || ends.some((at) => at === size || at + 1 === size);
      expect(verdict.findings.some(({ code }) => code === "torn-tail")).toBe(!isWhole);
    }
  });

  it("the snapshot cut at any byte is unreadable, and costs nothing else", async () => {
    const bytes = Buffer.from(real.wholeSnapshot);
    for (let size = 0; size < bytes.length; size += 1) {
      const snapshot = bytes.subarray(0, size).toString();
      const verdict = reconcile(real.evidenceOf(await real.store(real.cutLog, snapshot)));
      expect(codes(verdict)).toEqual(["dangling-call", "snapshot-unreadable"]);
      expect(verdict.calls.map(({ effect }) => effect)).toEqual(["done", "unknown"]);
    }
  });
});
