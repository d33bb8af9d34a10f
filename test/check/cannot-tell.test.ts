/**
 * Where a record lacks what a check needs, or nothing was done that could be judged, no run passes.
 */
import { describe, expect, test } from "vitest";
import { checks, judge } from "../../harness/check/index.ts";
import { serverFails, serverLeft } from "../../harness/history.ts";
import type { Draft } from "./broken/change.ts";
import { Forge, kill, round } from "./forge.ts";
import * as story from "./stories.ts";

const check = (promise: string) => checks.find((one) => one.promise === promise) ?? expect.fail();

const lookedAt = ({ history }: Draft) =>
  history.flatMap((entry) => (entry.kind === "observe" ? entry.sessions : []));
const callsOf = (run: Draft) => lookedAt(run).flatMap(({ calls }) => calls);

/** Statuses of the promises in a run that was made poorer. */
function statusesOf(change: (run: Draft) => void, from = story.cutAfterResult()): Record<string, string> {
  const run = structuredClone(from) as Draft;
  change(run);
  return Object.fromEntries(checks.map((one) => [one.promise, one.judge(run).status]));
}

describe("a promise that nothing was put to is not told as kept", () => {
  test("where nobody looked", () => {
    const found = statusesOf((run) => {
      run.history = run.history.filter(({ kind }) => kind !== "observe");
    });
    expect(found).toMatchObject({ "recovery-idempotent": "unknown", "cut-never-looks-finished": "unknown" });
  });

  test("where nothing is shown or listed", () => {
    const found = statusesOf((run) => {
      run.history = run.history.filter(({ kind }) => kind !== "shown");
      for (const session of lookedAt(run)) Object.assign(session, { calls: [], history: [] });
    });
    for (const promise of ["no-invented-call", "history-in-order", "result-unchanged", "call-state-honest"])
      expect([promise, found[promise]]).toEqual([promise, "not-applicable"]);
  });

  test("where calls are listed without their ids", () => {
    const found = statusesOf((run) => {
      for (const call of callsOf(run)) delete (call as { id?: string }).id;
    });
    expect(found["call-state-honest"]).toBe("not-applicable");
  });

  test("where no flags are shown, and nothing can be compared", () => {
    const found = statusesOf((run) => {
      const looks = run.history.filter((entry) => entry.kind === "observe");
      run.history = run.history.filter((entry) => entry.kind !== "observe" || entry === looks.at(-1));
      for (const session of lookedAt(run)) Object.assign(session, { flags: "no-surface" });
    });
    expect(found["recovery-idempotent"]).toBe("not-applicable");
  });

  test("where there is no copy of the workspace to count in", () => {
    const found = statusesOf((run) => {
      run.cuts = [];
    });
    expect(found).toMatchObject({ "finished-call-not-repeated": "unknown", "no-blind-retry": "unknown" });
  });

  test("where a client came back with a cursor that nobody had given it", () => {
    const found = statusesOf((run) => {
      for (const entry of run.history)
        if (entry.kind === "connect" && entry.after !== undefined)
          Object.assign(entry, { after: "a stranger's" });
    }, story.cutAfterResult());
    expect(found["stream-resumes-without-gap"]).toBe("not-applicable");
  });
});

describe("without the copy of the disk that belongs to a look", () => {
  test("nobody knows whether an agent lived that was not seen", () => {
    expect(check("no-orphan-unseen").judge({ ...story.orphan(), cuts: [] }).status).toBe("unknown");
  });

  test("nobody knows which of a neighbour's flags are right", () => {
    const run = story.neighbours();
    expect(check("neighbours-unharmed").judge(run).status).toBe("pass");
    const cuts = run.cuts.filter(({ label }) => label !== "settled");
    expect(check("neighbours-unharmed").judge({ ...run, cuts }).status).toBe("unknown");
  });

  test("nobody knows what still stands", () => {
    const run = structuredClone(story.cutAfterResult()) as Draft;
    const at = run.history.findIndex(({ kind }) => kind === "server-exit");
    const { t = "" } = run.history[at] ?? {};
    const loss = { t, kind: "damage", round: 0, role: "effects", path: "/w/effects", how: "crash" } as const;
    run.history.splice(at, 0, { ...loss, fromByte: 0, toByte: 9 });
    // Who has no word for it has not kept the promise.
    expect(check("stands-only-what-stands").judge(run).status).toBe("not-applicable");
    for (const call of callsOf(run)) Object.assign(call, { stands: "yes" });
    expect(check("stands-only-what-stands").judge(run).status).toBe("pass");
    expect(check("stands-only-what-stands").judge({ ...run, cuts: [] }).status).toBe("unknown");
  });

  test("nobody knows what is in the workspace at the end", () => {
    expect(check("settles").judge({ ...story.cutAfterResult(), cuts: [] }).status).toBe("unknown");
  });

  test("nobody knows what a resumed agent had to be told", () => {
    const { cuts, ...run } = story.cutAfterResult();
    expect(check("resume-carries-finished-calls").judge({ ...run, cuts }).status).toBe("pass");
    const late = cuts.filter(({ label }) => label === "settled");
    expect(check("resume-carries-finished-calls").judge({ ...run, cuts: late }).status).toBe("unknown");
    // As the server that was killed had started it: no copy was made before that.
    const history = run.history.filter((entry) => entry.kind !== "server-start" || entry.life === 1);
    expect(check("resume-carries-finished-calls").judge({ ...run, history, cuts: late }).status).toBe("pass");
  });
});

describe("an orchestrator that cannot resume", () => {
  const cannot = { can: { resume: false } };

  test("is not excused of a server that does not come back, or ends by itself", () => {
    for (const [waitingFor, signature] of [
      ["server life 2 to be ready", "settles/stuck/settled"],
      [`${serverFails} (GET / answered 500)`, "settles/server-fails/settled"],
      [`${serverLeft} (exit code 1)`, "settles/server-ended-by-itself/settled"],
    ] as const) {
      const forge = new Forge({ rounds: [round(kill("server"))], ...cannot });
      const agent = forge.start().whole(0);
      forge.fault(kill("server"), []);
      agent.work();
      forge.add({ kind: "watchdog", waitingFor });
      expect(judge(forge.record()).signatures).toEqual([signature]);
    }
  });

  test("has not passed where no agent was ever started", () => {
    const forge = new Forge({ rounds: [round(kill("server"))], ...cannot });
    forge.of(0).history.push({ type: "prompt", text: "Please do the planned work. [turn s0t0]" });
    forge.fault(kill("server"));
    forge.startServer();
    forge.observe("ready");
    forge.observe("observe");
    forge.observe("settled");
    expect(judge(forge.record())).toMatchObject({ verdict: "invalid", why: "no agent was started" });
  });
});

describe("a fault that met nothing", () => {
  test("is none, however it ends a server", () => {
    for (const fault of [kill("server"), { kind: "term" }, { kind: "reload", by: "tsx" }] as const) {
      const run = structuredClone(story.orphan()) as Draft;
      for (const entry of run.history)
        if (entry.kind === "fault") Object.assign(entry, { fault, killed: [] });
      expect([fault.kind, judge(run).verdict]).toEqual([fault.kind, "invalid"]);
    }
  });
});
