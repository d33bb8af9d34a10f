/**
 * The truth of each class, with near misses in which it does not hold.
 */
import { describe, expect, test } from "vitest";
import type { DiskCut, RunRecord } from "../../harness/history.ts";
import { type FlagClass, flagClasses } from "../../harness/oracle/classes.ts";
import { factsOf } from "../../harness/oracle/facts.ts";
import { scoreFlags } from "../../harness/oracle/flags.ts";
import { truthAt } from "../../harness/oracle/truth.ts";
import { call, Forge, kill, round } from "../check/forge.ts";
import * as story from "../check/stories.ts";

/** Classes that hold at the second look after the first fault, with "?" behind those that may. */
function truthsOf(run: RunRecord, label: "ready" | "observe" | "settled" = "observe", session = 0): string[] {
  const facts = factsOf(run);
  const observation = facts.observations.find((one) => one.label === label) ?? expect.fail();
  const table = truthAt(facts, observation, session) ?? expect.fail();
  return flagClasses.flatMap((name) =>
    table[name].is === "no" ? [] : [table[name].is === "yes" ? name : `${name}?`],
  );
}

/** A run that is killed and looked at, and then ends there. */
function killed(
  play: (forge: Forge) => void,
  options: ConstructorParameters<typeof Forge>[0] = {},
): RunRecord {
  const forge = new Forge({ rounds: [round(kill("both"))], ...options });
  play(forge);
  forge.fault(kill("both"), forge.of(0).attempts);
  forge.restart();
  return forge.record();
}

/** Rewrites one file in every cut, and writes the damage into the history where asked. */
function withFile(
  run: RunRecord,
  role: DiskCut["files"][number]["role"],
  change: (text: string) => string | undefined,
): RunRecord {
  const cuts = run.cuts.map((cut) => ({
    ...cut,
    files: cut.files.map((file) => {
      if (file.role !== role) return file;
      const { content, ...rest } = file;
      const text = change(content ?? "");
      return text === undefined ? rest : { ...rest, content: text };
    }),
  }));
  return { ...run, cuts };
}

function withDamage(
  run: RunRecord,
  damage: { role: "journal" | "log" | "spool" | "snapshot"; path: string; session?: number },
): RunRecord {
  const at = run.history.findIndex(({ kind }) => kind === "cut");
  const t = run.history[at]?.t ?? "0";
  const entry = { t, kind: "damage" as const, round: 0, how: "nul", fromByte: 0, toByte: 20, ...damage };
  return { ...run, history: [...run.history.slice(0, at), entry, ...run.history.slice(at)] };
}

const afterResult: readonly FlagClass[] = ["snapshot-behind-log", "ghost-running"];

describe("snapshot-behind-log", () => {
  test("holds for a prompt alone", () => {
    expect(truthsOf(killed((forge) => forge.start()))).toEqual(afterResult);
  });
  test("holds for a finished call", () => {
    expect(truthsOf(killed((forge) => forge.start().whole(0)))).toEqual(afterResult);
  });
  test("near miss: the agent came to its end", () => {
    expect(truthsOf(story.cutAfterEnd())).toEqual([]);
  });
  test("near miss: an agent is alive", () => {
    expect(truthsOf(story.orphan())).toEqual([]);
  });
  test("near miss: the snapshot cannot be read, which is another class", () => {
    const run = withFile(
      killed((forge) => forge.start().whole(0)),
      "agent-snapshot",
      () => "",
    );
    expect(truthsOf(run)).toEqual(["ghost-running", "unreadable"]);
  });
  test.each([
    [1, ["ghost-running"]],
    [2, ["snapshot-behind-log?", "ghost-running"]],
  ])("a text that the snapshot has once and the log %i times", (times, truths) => {
    const content = [{ type: "text", text: "I will look at it." }];
    const reply = { type: "assistant_response", data: { stopReason: "tool_use", content } };
    const asked = killed((forge) => forge.start());
    const logged = withFile(
      asked,
      "agent-log",
      (text) => text + `${JSON.stringify({ id: "e", sessionId: "ada-0", ...reply })}\n`.repeat(times),
    );
    const prompt = { role: "user", content: "Please do the planned work. [turn s0t0]" };
    const stored = withFile(logged, "agent-snapshot", () =>
      JSON.stringify({ messages: [prompt, { role: "assistant", content }] }),
    );
    expect(truthsOf(stored)).toEqual(truths);
  });
  test("near miss: the log has only a call without its result more than the snapshot", () => {
    const run = killed((forge) => forge.start().callOut(0).callLog(0));
    const caughtUp = withFile(run, "agent-snapshot", () =>
      JSON.stringify({ messages: [{ role: "user", content: "Please do the planned work. [turn s0t0]" }] }),
    );
    expect(truthsOf(caughtUp)).toEqual(["ghost-running", "dangling-call"]);
  });
});

describe("journal-ahead", () => {
  test("holds for a result that was streamed and not logged", () => {
    const run = killed((forge) => forge.start().whole(0), { storeLag: "log-behind" });
    expect(truthsOf(run)).toContain("journal-ahead");
  });
  test("holds on pipes for a result that a client was shown", () => {
    const run = killed((forge) => forge.start().whole(0), { storeLag: "log-behind", pipe: true });
    expect(truthsOf(run)).toContain("journal-ahead");
  });
  test("may hold for a call that the log names only in the model's reply", () => {
    expect(truthsOf(killed((forge) => forge.start().callOut(0)))).toContain("journal-ahead?");
  });
  test("near miss: the next reply brought the result into the log", () => {
    const run = killed((forge) => forge.start().whole(0).reply(1), { storeLag: "log-behind" });
    expect(truthsOf(run)).not.toContain("journal-ahead");
  });
  test("is over when a resumed model knew of it", () => {
    expect(truthsOf(story.cutBeforeLog(), "settled")).toEqual(["journal-ahead?"]);
  });
});

describe("agent-ahead", () => {
  test("holds for a result that was logged and not sent", () => {
    const run = killed((forge) => forge.start().callOut(0).callLog(0).effect(0).resultLog(0));
    expect(truthsOf(run)).toEqual(["snapshot-behind-log", "agent-ahead", "ghost-running"]);
  });
  test("holds on pipes for what was written when nobody read any more", () => {
    const forge = new Forge({ rounds: [round(kill("server"))], pipe: true });
    const agent = forge.start().whole(0);
    forge.fault(kill("server"));
    agent.whole(1).kill();
    forge.restart();
    expect(truthsOf(forge.record())).toContain("agent-ahead");
  });
  test("near miss: logged and sent", () => {
    expect(truthsOf(killed((forge) => forge.start().whole(0)))).not.toContain("agent-ahead");
  });
});

describe("dangling-call", () => {
  test("holds for an announced call, whether its effect is there or not", () => {
    expect(truthsOf(killed((forge) => forge.start().callOut(0).callLog(0)))).toContain("dangling-call");
    expect(truthsOf(killed((forge) => forge.start().callOut(0).callLog(0).effect(0)))).toContain(
      "dangling-call",
    );
  });
  test("may hold for a call that only the model's reply in the log names", () => {
    expect(truthsOf(killed((forge) => forge.start().reply(0)))).toContain("dangling-call?");
  });
  test("near miss: the result is in the agent's log", () => {
    expect(truthsOf(story.cutUnsent())).not.toContain("dangling-call");
  });
  test("near miss: the result is in the stream alone", () => {
    expect(truthsOf(story.cutBeforeLog())).not.toContain("dangling-call");
  });
  test("may hold where only a snapshot has the result", () => {
    const run = killed((forge) => forge.start().callOut(0).callLog(0));
    const [step] = factsOf(run).attempts[0]?.stepOf ?? [];
    const content = [{ type: "tool_result", toolUseId: step?.[0], content: "out", isError: false }];
    const cached = withFile(run, "agent-snapshot", () =>
      JSON.stringify({ messages: [{ role: "user", content }] }),
    );
    expect(truthsOf(run)).toContain("dangling-call");
    expect(truthsOf(cached)).toContain("dangling-call?");
  });
  test("near miss: the agent is alive", () => {
    const forge = new Forge({ rounds: [round(kill("server"))] });
    forge.start().callOut(0).callLog(0);
    forge.fault(kill("server"));
    forge.restart();
    expect(truthsOf(forge.record())).toEqual([]);
  });
});

describe("ghost-running", () => {
  test("near miss: the final reply is in the log, the end was never sent", () => {
    expect(truthsOf(killed((forge) => forge.start().whole(0).finalLog()))).toEqual(["snapshot-behind-log"]);
  });
  test("near miss: no agent was ever started", () => {
    const forge = new Forge({ rounds: [round(kill("server"))] });
    forge.fault(kill("server"));
    forge.restart();
    expect(truthsOf(forge.record())).toEqual(["ghost-running?", "unexpected-live?"]);
  });
  test("holds again for a resumed agent that was killed", () => {
    const facts = factsOf(story.cutTwice());
    const second = facts.observations.findLast(({ label }) => label === "observe") ?? expect.fail();
    expect(truthAt(facts, second, 0)?.["ghost-running"].is).toBe("yes");
  });
});

describe("unexpected-live", () => {
  test("holds for a living agent that the orchestrator calls dead", () => {
    const run = structuredClone(story.orphan());
    for (const entry of run.history)
      if (entry.kind === "observe") for (const one of entry.sessions) Object.assign(one, { live: "no" });
    expect(truthsOf(run)).toEqual(["unexpected-live"]);
  });
  test("near miss: it is said to be alive", () => {
    expect(truthsOf(story.orphan())).toEqual([]);
  });
  test("may hold for an agent that has said its end and lingers", () => {
    const forge = new Forge({ rounds: [round(kill("server"))] });
    forge.start().whole(0).finalLog().end();
    forge.fault(kill("server"));
    forge.restart();
    const run = structuredClone(forge.record());
    for (const entry of run.history)
      if (entry.kind === "observe")
        for (const one of entry.sessions) Object.assign(one, { live: "no", ended: "yes" });
    expect(truthsOf(run)).toEqual(["unexpected-live?"]);
  });
});

describe("unreadable", () => {
  const base = () => killed((forge) => forge.start().whole(0));
  const torn = (text: string) => text.slice(0, -10);
  const middle = (text: string) => text.replace(/^(.*\n)(.*)\n/, "$1\u001a\u001a\u001a\n");

  test.each([
    ["a torn tail of the log", withFile(base(), "agent-log", torn)],
    ["a torn tail of the spool", withFile(base(), "spool", torn)],
    ["a bad record in the middle of the log", withFile(base(), "agent-log", middle)],
    ["NUL bytes in the spool", withFile(base(), "spool", (text) => `${text}${"\0".repeat(64)}\n`)],
    ["glued records in the log", withFile(base(), "agent-log", (text) => text.replace("\n", ""))],
    ["half a snapshot", withFile(base(), "agent-snapshot", torn)],
    ["a snapshot that is gone", withFile(base(), "agent-snapshot", () => undefined)],
    ["a log that is gone", withFile(base(), "agent-log", () => undefined)],
  ])("holds for %s", (_what, run) => {
    expect(truthsOf(run)).toContain("unreadable");
  });

  test("near miss: a last record without its newline is whole", () => {
    const trimmed = withFile(base(), "agent-log", (text) => text.trimEnd());
    expect(truthsOf(trimmed)).toEqual(afterResult);
  });
  test("near miss: a record of an unknown type", () => {
    const run = withFile(base(), "agent-log", (text) => `${text}{"type":"new","data":{}}\n`);
    expect(truthsOf(run)).toEqual(afterResult);
  });
  test("may hold for a snapshot that is gone where nothing of the conversation is left", () => {
    const begun = (text: string) => `${text.split("\n")[0]}\n`;
    const gone = withFile(base(), "agent-snapshot", () => undefined);
    const logBegun = withFile(gone, "agent-log", (text) =>
      begun(text).replace("user_message", "session_start"),
    );
    expect(truthsOf(logBegun)).toContain("unreadable");
    expect(truthsOf(withFile(logBegun, "spool", begun))).toContain("unreadable?");
  });
  test("may hold for a torn tail while the agent is alive", () => {
    expect(truthsOf(withFile(story.orphan(), "spool", torn))).toEqual(["unreadable?"]);
  });
  test("holds for damage to a file of the subject's own", () => {
    expect(truthsOf(withDamage(base(), { role: "log", path: "/o/own.log", session: 0 }))).toContain(
      "unreadable",
    );
  });
  test("near miss: damage to another session's file", () => {
    expect(truthsOf(withDamage(base(), { role: "log", path: "/o/own.log", session: 1 }))).toEqual(
      afterResult,
    );
  });
  test("damage to a shared file is required of one session, and only one", () => {
    const run = killed(
      (forge) => {
        forge.start(0).whole(0);
        forge.start(1).whole(0).kill();
      },
      { sessions: [[call()], [call()]] },
    );
    const damaged = withDamage(run, { role: "journal", path: "/o/journal" });
    const missed = scoreFlags(damaged).pairs.filter(({ outcome }) => outcome === "falseNegative");
    expect(missed.map((pair) => [pair.session, pair.class])).toEqual([[0, "unreadable"]]);
    const told = structuredClone(damaged);
    for (const entry of told.history)
      if (entry.kind === "observe")
        for (const one of entry.sessions.filter(({ id }) => id === "run-1"))
          Object.assign(one, { flags: [...one.flags, { code: "corrupt-middle", cites: [] }] });
    expect(scoreFlags(told).pairs.filter(({ outcome }) => outcome === "falseNegative")).toEqual([]);
    expect(scoreFlags(told).pairs.filter(({ outcome }) => outcome === "falsePositive")).toEqual([]);
    // Who says what is asked of one of them has said what is required.
    const found = scoreFlags(told).pairs.filter((pair) => pair.class === "unreadable");
    expect(found.map((pair) => [pair.session, pair.outcome])).toEqual([
      [0, "either"],
      [1, "truePositive"],
    ]);
  });
});

describe("what leaves room", () => {
  /** The server dies first; the agent works on by itself and is gone before the restart. */
  function alone(): RunRecord {
    const forge = new Forge({ rounds: [round(kill("server"))], storeLag: "log-behind" });
    const agent = forge.start();
    forge.fault(kill("server"));
    agent.whole(0).kill();
    forge.restart();
    const run = forge.record();
    return { ...run, history: run.history.filter(({ kind }) => kind !== "shown") };
  }
  const trimmed = (run: RunRecord) => withFile(run, "spool", (text) => text.trimEnd());

  test("a last line without its newline may have been received, or be torn", () => {
    expect(truthsOf(alone())).toEqual(["snapshot-behind-log", "journal-ahead", "ghost-running"]);
    expect(truthsOf(trimmed(alone()))).toEqual([
      "snapshot-behind-log",
      "journal-ahead?",
      "ghost-running",
      "dangling-call?",
      "unreadable?",
    ]);
  });

  test("nobody need look into a store that the agent never named", () => {
    const run = killed((forge) => forge.start());
    expect(truthsOf(withFile(run, "spool", () => ""))).toEqual(["snapshot-behind-log?", "ghost-running"]);
  });

  test("a hidden log that cannot be read need not be flagged, beside one that is known", () => {
    const run = killed((forge) => forge.start().whole(0));
    const hidden = {
      role: "agent-log" as const,
      path: "/w/.coding-agent/events/other.jsonl",
      session: 0,
      content: "\0\0\n",
    };
    const cuts = run.cuts.map((cut) => ({ ...cut, files: [...cut.files, hidden] }));
    expect(truthsOf({ ...run, cuts })).toEqual(["snapshot-behind-log", "ghost-running", "unreadable?"]);
  });

  test("what was shown and then taken from the spool by damage need not be known", () => {
    const run = killed((forge) => forge.start().callOut(0).callLog(0).effect(0).resultLog(0).resultOut(0));
    const cut = withFile(run, "spool", (text) => text.slice(0, text.indexOf('{"type":"tool.result"')));
    const damaged = withDamage(cut, { role: "spool", path: "/o/spool-0-1", session: 0 });
    expect(truthsOf(damaged)).toContain("agent-ahead?");
  });
});

describe("second-writer", () => {
  function overlapping(acts: boolean): RunRecord {
    const forge = new Forge({ rounds: [round(kill("server"))] });
    const first = forge.start().whole(0);
    forge.fault(kill("server"));
    if (!acts) first.kill();
    const second = forge.start().whole(1);
    if (acts) first.whole(2);
    second.kill();
    first.kill();
    forge.restart();
    return forge.record();
  }
  test("holds when the first agent acts after the second was started", () => {
    expect(truthsOf(overlapping(true))).toContain("second-writer");
  });
  test("near miss: the first was gone before", () => {
    expect(truthsOf(overlapping(false))).not.toContain("second-writer");
  });
  test("near miss: the first had said its end and only its exit came later", () => {
    const forge = new Forge({ rounds: [round(kill("server"))] });
    const first = forge.start().whole(0).finalLog().end();
    forge.start().whole(1);
    first.exit();
    forge.fault(kill("server"));
    forge.restart();
    expect(truthsOf(forge.record())).not.toContain("second-writer");
  });
});

describe("scoring", () => {
  test("a class that is true at one of two looks is either", () => {
    const forge = new Forge({ rounds: [round(kill("server"))] });
    const agent = forge.start().whole(0);
    forge.fault(kill("server"));
    forge.cut("killed");
    forge.startServer();
    forge.recover();
    forge.observe("ready");
    agent.kill();
    forge.observe("observe");
    const either = scoreFlags(forge.record()).pairs.filter(({ outcome }) => outcome === "either");
    expect(either.map((pair) => pair.class)).toEqual(afterResult);
    expect(either.map(({ changed }) => changed)).toEqual(afterResult.map(() => true));
    expect(scoreFlags(forge.record()).totals).toMatchObject({
      either: afterResult.length,
      changed: afterResult.length,
    });
  });
  test("words of the orchestrator's own are counted, and are neither truth nor alarm", () => {
    const run = structuredClone(story.cutAfterEnd());
    for (const entry of run.history)
      if (entry.kind === "observe")
        for (const one of entry.sessions)
          Object.assign(one, {
            flags: [
              { code: "strange", cites: [] },
              { code: "superseded", cites: [] },
            ],
          });
    const score = scoreFlags(run);
    expect(score.otherWords).toBe(1);
    expect(score.totals.falsePositive).toBe(0);
  });
  test("runs in which nothing was killed have no totals", () => {
    expect(Object.values(scoreFlags(story.clean()).totals)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
