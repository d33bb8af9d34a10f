import { describe, expect, it } from "vitest";
import type { FactBody } from "../../src/model/fact.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  announced,
  attempt,
  call,
  damage,
  end,
  evidence,
  failure,
  J,
  L,
  O,
  prompt,
  result,
  S,
  started,
  text,
  told,
} from "./build.ts";

const p1 = prompt("p1");
const a = call("a");
const ra = result("a");
const go = started();
const cite = { source: "J", value: "cancel" } as const;

describe("runs", () => {
  const open = [O(1, [go, a]), L([p1, a]), S([])];
  const state = (changes: Parameters<typeof attempt>[1], sources = open) => {
    const verdict = reconcile(evidence([attempt(1, changes)], sources));
    return [verdict.run.state, verdict.attempts[0]?.state, verdict.recovery.action].join(" ");
  };

  it("cancelled and gone is cancelled; still there is live", () => {
    expect(state({ cancelled: cite })).toBe("cancelled cancelled none");
    expect(state({ cancelled: cite, liveness: "alive" })).toBe("live live adopt");
  });

  it("cancelled, and the agent had come to its end: completed", () => {
    expect(state({ cancelled: cite }, [O(1, [go, a, ra, end()])])).toBe("completed completed none");
    expect(state({ cancelled: cite }, [O(1, [go, a, end("failed")])])).toBe("cancelled cancelled none");
  });

  it("failed by the agent's own word", () => {
    expect(state({}, [O(1, [go, a, end("failed")])])).toBe("failed failed none");
  });

  it("an agent that went on behind its end, with a call or a further prompt, has not come to it", () => {
    const b = call("b");
    expect(state({}, [O(1, [go, a, ra, end(), b])])).toBe("interrupted-indeterminate interrupted resume");
    expect(state({}, [O(1, [go, a, ra, end(), prompt("more")])])).toBe("interrupted interrupted resume");
    expect(state({}, [O(1, [go, a, ra, end(), b, result("b"), end()])])).toBe("completed completed none");
    expect(state({}, [O(1, [go, a, end(), ra, text("bye")])])).toBe("completed completed none");
  });

  it("an agent that may be alive is not doubled", () => {
    expect(state({ liveness: "unknown" })).toBe("live-unowned live ask");
    const verdict = reconcile(evidence([attempt(1, { liveness: "unknown" })], open));
    expect(verdict.calls[0]?.effect).toBe("unknown");
    expect(verdict.findings).toEqual([]);
  });

  it("the log's last answer is no end while a call of the turn is open", () => {
    expect(state({}, [L([p1, a, text("ok"), end()])])).toBe("interrupted-indeterminate interrupted resume");
    expect(state({}, [L([p1, a, ra, text("ok"), end()])])).toBe("completed completed none");
    expect(state({}, [L([p1, end(), a, ra])])).toBe("interrupted interrupted resume");
  });

  it("two agents at once: a person decides, also after the run has ended", () => {
    const attempts = [attempt(1, { liveness: "alive" }), attempt(2)];
    const verdict = reconcile(evidence(attempts, [O(1, [go]), O(2, [go, end()])]));
    expect(verdict.run.state).toBe("completed");
    expect(verdict.recovery.action).toBe("ask");
    expect(verdict.recovery.why).toMatch(/attempt 1 is alive.*attempt 2 is on record/);
  });

  it("nothing that can be read", () => {
    const given = evidence([], [L([], { status: "unreadable" }), S([], { status: "unreadable" })]);
    expect(reconcile(given).run.state).toBe("unreadable");
    expect(reconcile(given).recovery.action).toBe("ask");
  });
});

describe("turns", () => {
  it("two attempts with the same words: the log's one turn belongs to the one that made its calls", () => {
    const attempts = [attempt(1, { prompt: "go" }), attempt(2, { prompt: "go" })];
    const given = evidence(attempts, [O(1, []), O(2, [go, a]), L([prompt("go"), a, ra]), S([])]);
    expect(reconcile(given).calls.map(({ attempt: number, effect }) => [number, effect])).toEqual([
      [2, "done"],
    ]);
  });

  it("a prompt that was destroyed: its turn is still recognised by its calls", () => {
    const b = call("b");
    const holes = [damage("corrupt-middle", "/w/events/s.jsonl", 29)];
    const log = L([p1, a, ra, b, result("b")], { damage: holes });
    const given = evidence([attempt(1), attempt(2)], [O(1, [go, a, ra]), O(2, [go, b]), log, S([])]);
    const verdict = reconcile(given);
    expect(verdict.calls.map(({ id, attempt: number }) => [id, number])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(verdict.calls.map(({ effect }) => effect)).toEqual(["done", "done"]);
  });

  it("a hole inside a turn does not split it", () => {
    const holes = [damage("corrupt-middle", "/w/events/s.jsonl", 19)];
    const given = evidence([attempt(1)], [O(1, [go, a, ra]), L([p1, a, ra], { damage: holes }), S([])]);
    expect(told(reconcile(given))).toEqual(["a: done/no/result-elsewhere"]);
  });

  it("equal calls with two ids stay two calls", () => {
    const b = call("b", "a");
    const given = evidence([attempt(1)], [O(1, [go, a, b, result("b")]), L([p1, a, b, result("b")]), S([])]);
    expect(told(reconcile(given))).toEqual(["a: unknown/no/indeterminate", "b: done/no/result-elsewhere"]);
  });

  it("of two equal calls of a cut turn one redone call takes the place of the uncertain one", () => {
    const b = call("b", "a");
    const c = call("c", "a");
    const given = evidence(
      [attempt(1), attempt(2)],
      [
        O(1, [go, a, b, ra]),
        O(2, [go, c, result("c")]),
        L([p1, a, b, ra, prompt("p2"), c, result("c")]),
        S([]),
      ],
    );
    expect(reconcile(given).calls.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "a result-elsewhere",
      "b superseded",
      "c result-elsewhere",
    ]);
  });

  it("of two equal uncertain calls none is taken for the one that was done again, until both are", () => {
    const b = call("b", "a");
    const [c, d] = [call("c", "a"), call("d", "a")];
    const states = (again: readonly FactBody[]) => {
      const redone = again.flatMap((one) => (one.kind === "call" ? [one, result(one.callId)] : []));
      const given = evidence(
        [attempt(1), attempt(2)],
        [O(1, [go, a, b]), O(2, [go, ...redone]), L([p1, a, b, prompt("p2"), ...redone]), S([])],
      );
      return reconcile(given).calls.map(({ id, state }) => `${id} ${state}`);
    };
    expect(states([c])).toEqual(["a indeterminate", "b indeterminate", "c result-elsewhere"]);
    expect(states([c, d])).toEqual([
      "a superseded",
      "b superseded",
      "c result-elsewhere",
      "d result-elsewhere",
    ]);
  });
});

describe("what may be claimed", () => {
  const sources = [O(1, [go, a]), L([p1, a]), S([])];
  const gated = { session: { id: "s", agent: "ada", gated: true } } as const;
  const effect = (changes: Parameters<typeof evidence>[2], more = sources) =>
    reconcile(evidence([attempt(1)], more, changes)).calls[0]?.effect;

  it("not started: only with the list of every yes, and without a hole in the journal", () => {
    expect(effect({ ...gated, approvals: [] })).toBe("not-started");
    expect(effect({ ...gated })).toBe("unknown");
    expect(effect({ approvals: [] })).toBe("unknown");
    expect(effect({ ...gated, approvals: [{ callId: "a", attempt: 1, cite }] })).toBe("unknown");
    expect(effect({ ...gated, approvals: [] }, [...sources, J([damage("truncated", "/j/1")])])).toBe(
      "unknown",
    );
  });

  it("probes: present, absent, partly; nothing from what can still change", () => {
    const probe = (saw: "present" | "absent" | "partly" | "cannot-tell", provisional = false) => ({
      probes: [{ callId: "a", attempt: 1, saw, provisional, cite: { source: "W", value: saw } as const }],
    });
    expect(effect(probe("present"))).toBe("done");
    expect(effect(probe("absent"))).toBe("not-started");
    expect(effect(probe("partly"))).toBe("partly");
    expect(effect(probe("cannot-tell"))).toBe("unknown");
    expect(effect(probe("absent", true))).toBe("unknown");
  });

  it("after a power cut what was done is unproven, also by a call that failed", () => {
    const stands = (bodies: Parameters<typeof O>[1], bootChanged: boolean) =>
      reconcile(evidence([attempt(1)], [O(1, [go, ...bodies])], { bootChanged })).calls[0]?.stands;
    expect(stands([a, ra], true)).toBe("unproven");
    expect(stands([a, ra], false)).toBe("yes");
    expect(stands([a, failure("a")], true)).toBe("unproven");
  });

  it("a call that only the model's reply names: never begun, unless its own record may be lost", () => {
    const calls = (bodies: Parameters<typeof L>[0], changes: Parameters<typeof evidence>[2] = {}) => {
      const verdict = reconcile(evidence([attempt(1)], [O(1, [go]), L([p1, ...bodies]), S([])], changes));
      return [told(verdict), verdict.recovery.sends.map(({ as }) => as)];
    };
    expect(calls([announced("a")])).toEqual([[], []]);
    expect(calls([announced("a")], { bootChanged: true })).toEqual([
      ["a: unknown/no/indeterminate"],
      ["unknown"],
    ]);
    expect(calls([announced("a"), ra])).toEqual([["a: done/no/result-elsewhere"], ["result"]]);
    const torn = L([p1, announced("a")], { damage: [damage("torn-tail")] });
    expect(told(reconcile(evidence([attempt(1)], [O(1, [go]), torn, S([])])))).toEqual([
      "a: unknown/no/indeterminate",
    ]);
  });

  it("a stray result is kept back, unless its call may be lost", () => {
    const sends = (bootChanged: boolean) =>
      reconcile(evidence([attempt(1)], [O(1, [go, ra]), L([p1]), S([])], { bootChanged })).recovery.sends;
    expect(sends(false).map(({ as }) => as)).toEqual(["nothing"]);
    expect(sends(true).map(({ as }) => as)).toEqual(["result"]);
  });

  it("what the model knows is judged by the file that the agent resumes from", () => {
    const knows = (resumesFrom: "snapshot" | "log") =>
      reconcile(evidence([attempt(1)], [O(1, [go, a, ra]), L([p1, a, ra]), S([])], { resumesFrom })).calls[0]
        ?.modelKnows;
    expect(knows("snapshot")).toBe("no");
    expect(knows("log")).toBe("yes");
    expect(reconcile(evidence([attempt(1)], [O(1, [go, a, ra])])).calls[0]?.modelKnows).toBe("unknown");
  });
});
