/** Findings of the workspace, the process table and the agent's own answer: each with its nearest silent case. */
import { expect, test } from "vitest";
import type { Cite } from "../../src/model/cite.ts";
import type { Evidence, ProbeEvidence } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  attempt,
  call,
  codes,
  damage,
  end,
  evidence,
  finding,
  L,
  O,
  prompt,
  result,
  S,
  told,
} from "./build.ts";

const cite: Cite = { source: "P", value: "pid 7" };
const seen = (saw: ProbeEvidence["saw"], changes: Partial<ProbeEvidence> = {}): ProbeEvidence => ({
  callId: "c1",
  saw,
  provisional: false,
  cite: { source: "W", path: "/w/x", value: saw },
  ...changes,
});
const open = [L([prompt("p1"), call("c1")])];
const finished = [L([prompt("p1"), call("c1"), result("c1")])];
const judged = (sources: Evidence["sources"], changes: Partial<Evidence> = {}, attempts = [attempt(1)]) =>
  reconcile(evidence(attempts, sources, { resumesFrom: "log", ...changes }));

test("a probe settles an open call, and is cited", () => {
  for (const [saw, effect] of [
    ["present", "done"],
    ["absent", "not-started"],
    ["partly", "partly"],
    ["cannot-tell", "unknown"],
  ] as const) {
    const [one] = judged(open, { probes: [seen(saw)] }).calls;
    expect(one?.effect).toBe(effect);
    expect(one?.cites).toContainEqual(seen(saw).cite);
  }
});

test("a provisional probe settles nothing", () => {
  const [one] = judged(open, { probes: [seen("absent", { provisional: true })] }).calls;
  expect(one?.effect).toBe("unknown");
});

test("effect-rolled-back: done on record, a boot since, and not there", () => {
  const lost = judged(finished, { bootChanged: true, probes: [seen("absent")] });
  expect(finding(lost, "effect-rolled-back")).toMatchObject({ severity: "blocks", callId: "c1" });
  expect(finding(lost, "effect-rolled-back")?.cites.map(({ source }) => source)).toEqual(["L", "W"]);
  expect(lost.calls[0]).toMatchObject({ effect: "done", stands: "no" });
  expect(lost.recovery.action).toBe("ask");
  const silent: Partial<Evidence>[] = [
    { bootChanged: false, probes: [seen("absent")] },
    { bootChanged: true, probes: [seen("absent", { provisional: true })] },
    { bootChanged: true, probes: [seen("cannot-tell")] },
    { bootChanged: true },
  ];
  for (const changes of silent) expect(codes(judged(finished, changes))).not.toContain("effect-rolled-back");
  expect(judged(finished, { bootChanged: true }).calls[0]?.stands).toBe("unproven");
  expect(judged(finished, { bootChanged: true, probes: [seen("present")] }).calls[0]?.stands).toBe("yes");
});

test("orphan-tool: the agent is gone and the call's process is there", () => {
  const tools = [{ callId: "c1", attempt: 1, cite }];
  const one = judged(open, { tools });
  expect(finding(one, "orphan-tool")).toMatchObject({ severity: "blocks", callId: "c1" });
  expect(told(one)).toEqual(["c1: running/no/running-orphan"]);
  expect(codes(one)).not.toContain("dangling-call");
  expect(one.recovery.action).toBe("ask");
  expect(codes(judged(finished, { tools }))).not.toContain("orphan-tool");
  expect(codes(judged(open, { tools }, [attempt(1, { liveness: "alive" })]))).not.toContain("orphan-tool");
  expect(codes(judged(open, { tools: [{ callId: "c2", cite }] }))).not.toContain("orphan-tool");
});

test("pid-reused is said, and changes nothing", () => {
  const one = judged(open, {}, [attempt(1, { pidReused: cite })]);
  expect(finding(one, "pid-reused")).toMatchObject({ severity: "info", cites: [cite] });
  expect(finding(one, "pid-reused")?.id).toBe("pid-reused/r1/-/attempt-1");
  expect(one.run.state).toBe(judged(open).run.state);
  expect(codes(judged(open))).not.toContain("pid-reused");
});

test("a stranger that names the session: unexpected where our record says that all are gone", () => {
  const one = judged(open, { stranger: { certain: true, cite } });
  expect(finding(one, "unexpected-live")?.cites).toContainEqual(cite);
  expect(one.run.state).toBe("live-unowned");
  expect(codes(judged(open, { stranger: { certain: false, cite } }))).not.toContain("unexpected-live");
});

test("a stranger in the folder leaves an open session undecided and a closed one alone", () => {
  const stranger = { certain: false, cite };
  const store = (bodies: readonly FactBody[]) => judged([L(bodies)], { stranger }, []);
  const undecided = store([prompt("p1"), call("c1")]);
  expect(undecided.run.state).toBe("live-unowned");
  expect(undecided.recovery.action).toBe("ask");
  expect(codes(undecided)).not.toContain("dangling-call");
  expect(store([prompt("p1"), call("c1"), result("c1"), end()]).run.state).toBe("completed");
  const certain = judged([L([prompt("p1"), call("c1")])], { stranger: { certain: true, cite } }, []);
  expect(certain.calls[0]?.effect).toBe("running");
});

test("place-moved: the folder is gone", () => {
  const one = judged(open, { workspaceGone: { source: "W", path: "/w", value: "nothing is there" } });
  expect(finding(one, "place-moved")).toMatchObject({
    id: "place-moved/s/-/W",
    severity: "blocks",
    cites: [{ source: "W", path: "/w", value: "nothing is there" }],
  });
  expect(one.run.state).toBe("diverged");
});

test("what an agent says of itself is quoted, however long it is", () => {
  const long = (end: string): FactBody => {
    const text = `${"v".repeat(1_000_000)}${end}`;
    return { kind: "session", agentSessionId: "s", version: text, model: text };
  };
  const { findings } = reconcile(evidence([], [L([long("1"), prompt("p1"), long("2")])]));
  expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(["version-drift", "config-drift"]));
  expect(JSON.stringify(findings).length).toBeLessThan(10_000);
});

test("version-drift and config-drift: only within one kind of source", () => {
  const named = (version: string, model: string): FactBody => ({
    kind: "session",
    agentSessionId: "s",
    version,
    model,
  });
  const drifted = judged([L([named("1", "m"), prompt("p1"), named("2", "m"), named("3", "n")])]);
  expect(finding(drifted, "version-drift")?.summary).toBe(
    "Another version of the agent wrote on: 2 after 1.",
  );
  expect(finding(drifted, "config-drift")?.summary).toBe(
    "The session went on with another model: n after m.",
  );
  expect(finding(drifted, "version-drift")).toMatchObject({
    id: "version-drift/s/-/L:20",
    severity: "warning",
  });
  expect(finding(drifted, "version-drift")?.cites.map(({ value }) => value)).toEqual([
    "version 1",
    "version 2",
  ]);
  expect(finding(drifted, "config-drift")?.id).toBe("config-drift/s/-/L:30");
  const spools = judged([O(1, [named("1", "m")]), O(2, [named("2", "m")])], {}, [attempt(1), attempt(2)]);
  expect(finding(spools, "version-drift")?.id).toBe("version-drift/s/-/O2:0");
  expect(codes(judged([L([named("1", "m")]), S([named("2", "n")])]))).not.toContain("version-drift");
  const same = judged([O(1, [named("1", "m")]), L([named("1.0", "vendor/m"), prompt("p1")])]);
  expect(codes(same)).not.toContain("version-drift");
  expect(codes(same)).not.toContain("config-drift");
});

test("told-wrongly: a resume puts a text of its own where a result is known", () => {
  const ours = [O(1, [call("c1"), result("c1")]), L([prompt("p1"), call("c1")])];
  const told = [{ callId: "c1", answer: "synthetic" as const }];
  const wrong = judged(ours, { told });
  expect(finding(wrong, "told-wrongly")).toMatchObject({ callId: "c1", severity: "warning" });
  expect(wrong.calls[0]).toMatchObject({ effect: "done", modelKnows: "wrongly" });
  const unknown = judged(open, { told });
  expect(codes(unknown)).not.toContain("told-wrongly");
  expect(unknown.calls[0]?.modelKnows).toBe("unknown");
  const whole = judged(finished, { told: [...told, { callId: "c1", answer: "result" }] });
  expect(codes(whole)).not.toContain("told-wrongly");
  expect(whole.calls[0]?.modelKnows).toBe("yes");
});

test("what a resume leaves out, the model does not know", () => {
  expect(judged(finished, { told: [] }).calls[0]?.modelKnows).toBe("no");
  expect(judged([...finished, S([])], {}).calls[0]?.modelKnows).toBe("yes");
});

test.each(["chain-break", "chain-cycle", "late-write"] as const)("%s is named as it is", (code) => {
  expect(codes(judged([L([prompt("p1")], { damage: [damage(code)] })]))).toContain(code);
  expect(codes(judged([L([prompt("p1")])]))).not.toContain(code);
});
