/**
 * What crashes in memory have found, kept: each is a small plan and the places at which its world ends.
 */
import { expect, test } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { checks, judge } from "../../harness/check/index.ts";
import { type Crash, executeWithCrashes } from "../../harness/memory/crash.ts";
import { executeWithFault } from "../../harness/memory/disk-faults.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import { oneByOne, still } from "../../scenarios/scenario.ts";
import found from "./found-runs.json" with { type: "json" };

const seed = 1;
const plan = (more: Partial<Plan>): Plan => ({
  version: 1,
  mode: "lockstep",
  clients: 1,
  sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(1) }] }],
  rounds: [],
  ...more,
});

async function judgedAfter(of: Plan, crash: Crash) {
  const { record } = await executeWithCrashes(of, seed, [crash]);
  const { verdict, why, defects } = assess(record);
  return [crash.call, verdict, why, defects.map(({ signature, story }) => `${signature}: ${story}`)];
}

/** As campaigns found them, made small. */
test.each(found)("$what", async (one) => {
  const { record } = await executeWithCrashes(one.plan as Plan, one.seed, one.crashes as Crash[]);
  const { verdict, defects } = assess(record);
  expect({ verdict, defects }).toEqual({ verdict: "pass", defects: [] });
});

test("what a cover vouches for stands, also when its life ended between the syncs of the two", async () => {
  const of = plan({ sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }] });
  let met = 0;
  // Which of the two syncs comes first is drawn by the seed.
  for (let order = 1; order <= 4; order += 1) {
    const syncs: number[] = [];
    await executeWithCrashes(of, order, [], {
      watch: ({ number, op, path }) => {
        if (op === "sync" && path.endsWith("/spool")) syncs.push(number);
      },
    });
    for (const call of syncs) {
      const killed: Crash = { call, when: "before", model: "kill" };
      const { calls } = await executeWithCrashes(of, order, [killed]);
      for (const back of [2, 40]) {
        const cut: Crash = { call: calls - back, when: "before", model: "ext4", state: "least" };
        const { record, hits } = await executeWithCrashes(of, order, [killed, cut]);
        const { verdict, defects } = assess(record);
        expect([order, call, back, verdict, defects]).toEqual([order, call, back, "pass", []]);
        met += hits === 2 ? 1 : 0;
      }
    }
  }
  expect(met).toBeGreaterThan(5);
}, 60_000);

test("a sync that fails as its server is killed is not asked again but made good by the next life", async () => {
  const of = plan({ sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }] });
  const syncs: number[] = [];
  await executeWithCrashes(of, seed, [], {
    watch: ({ number, op }) => {
      if (op === "sync") syncs.push(number);
    },
  });
  let met = 0;
  for (const drops of syncs) {
    const killed: Crash = { call: drops + 1, when: "before", model: "kill", drops };
    const { calls } = await executeWithCrashes(of, seed, [killed]);
    for (const back of [2, 15, 40]) {
      const cut: Crash = { call: calls - back, when: "before", model: "posix", state: "least" };
      const { record, hits } = await executeWithCrashes(of, seed, [killed, cut]);
      const { verdict, defects } = assess(record);
      expect([drops, back, verdict, defects]).toEqual([drops, back, "pass", []]);
      met += hits === 2 ? 1 : 0;
    }
  }
  expect(met).toBeGreaterThan(20);
}, 60_000);

test("who drove the run before the world ended does nothing any more", async () => {
  const fault = { kind: "kill", target: "server" } as const;
  const of = plan({
    mode: "free",
    free: { pausesMs: [20], writes: "line" },
    rounds: [
      { at: { session: 0, nth: 3 }, position: "unsent", delayMs: 150, fault, orphan: still, damage: [] },
    ],
  });
  const { calls } = await executeWithCrashes(of, seed, []);
  for (let call = 20; call < calls; call += 25) {
    const crash: Crash = { call, when: "before", model: "kill" };
    expect(await judgedAfter(of, crash)).toEqual([call, "pass", undefined, []]);
  }
}, 60_000);

test("agents that were stopped for a look go on when the world ends during it", async () => {
  const of = plan({
    mode: "free",
    free: { pausesMs: [20, 6], writes: "line" },
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(3) }] }],
    rounds: [
      {
        at: { session: 0, nth: 4 },
        position: "unsent",
        delayMs: 10,
        fault: { kind: "term" },
        orphan: still,
        damage: [],
      },
    ],
  });
  const { calls } = await executeWithCrashes(of, seed, []);
  // Behind the restart, where the driver looks; every third call, since each look makes many.
  for (let call = Math.floor(calls / 3); call < calls; call += 3) {
    const crash: Crash = { call, when: "before", model: "kill" };
    expect(await judgedAfter(of, crash)).toEqual([call, "pass", undefined, []]);
  }
}, 60_000);

test("a call whose result is in a log that only the journal can name need not be told as dangling", async () => {
  const call = { outcome: "append", resultChars: 7, style: "ascii" } as const;
  const { record } = await executeWithCrashes(
    plan({
      mode: "free",
      free: { pausesMs: [1, 1, 0, 6, 46, 12, 3], writes: "burst" },
      sessions: [
        {
          storeLag: "log-behind",
          turns: [
            {
              script: {
                replies: [
                  { calls: [call], parallel: true },
                  { calls: [{ ...call, resultChars: 35 }], parallel: false },
                  {
                    calls: [
                      { ...call, resultChars: 18, style: "unicode" },
                      { ...call, resultChars: 39 },
                    ],
                    parallel: true,
                  },
                ],
                finalText: "All done.",
              },
            },
          ],
        },
      ],
      rounds: [
        {
          at: { session: 0, nth: 6 },
          position: "unsent",
          unreadEvents: 1,
          fault: { kind: "kill", target: "tree" },
          orphan: { beforeRestart: 9, beforeObserve: 4, duringResume: 6 },
          delayMs: 61,
          damage: [{ role: "spool", how: "alter", file: 0, record: 5 }],
        },
        {
          at: { phase: "ready" },
          position: "unread",
          fault: { kind: "kill", target: "both" },
          orphan: still,
          delayMs: 109,
          damage: [],
        },
      ],
    }),
    510,
    [],
  );
  expect(assess(record).defects).toEqual([]);
});

test("a session that cannot be read when its agent is gone is not said to run", async () => {
  const fault = { kind: "kill", target: "both" } as const;
  const at = { session: 0, event: "effect:1" };
  const of = plan({ rounds: [{ at, position: "unsent", fault, orphan: still, damage: [] }] });
  const reads: number[] = [];
  await executeWithCrashes(of, seed, [], {
    watch: ({ number, op, path }) => {
      if (op === "size" && path.endsWith("/spool")) reads.push(number);
    },
  });
  for (const call of reads) {
    const { record } = await executeWithFault(of, seed, { call, fault: "unreadable" });
    const { signatures } = judge(
      record,
      checks.filter(({ promise }) => promise === "call-state-honest"),
    );
    expect([call, signatures]).toEqual([call, []]);
  }
}, 60_000);

test("a run whose own record is damaged is known from its dispatch, and can be resumed", async () => {
  const fault = { kind: "kill", target: "tree" } as const;
  const at = { session: 0, event: "result:1/out" };
  for (let record = 0; record < 8; record += 1) {
    const damage = [{ role: "journal", how: "alter", file: 0, record }] as const;
    const of = plan({ rounds: [{ at, position: "shown", fault, orphan: still, damage: [...damage] }] });
    const assessed = assess((await executeWithCrashes(of, seed, [])).record);
    expect([record, assessed.verdict, assessed.defects]).toEqual([record, "pass", []]);
  }
});

test("a turn whose agent was never started is asked in full by who resumes it, wherever its server was killed", async () => {
  const turn = { script: oneByOne(1) };
  const of = plan({ sessions: [{ storeLag: "ada", turns: [turn, turn] }] });
  const starts: number[] = [];
  await executeWithCrashes(of, seed, [], {
    watch: ({ number, op }) => {
      if (op === "startAgent") starts.push(number);
    },
  });
  expect(starts).toHaveLength(2);
  const start = starts[1] ?? 0;
  // From the record of its dispatch on, and from before it.
  for (let call = start - 40; call <= start; call += 1)
    expect(await judgedAfter(of, { call, when: "before", model: "kill" })).toEqual([
      call,
      "pass",
      undefined,
      [],
    ]);
});

/** In one run after another, with the world ending after each call that is `wanted`; all that was published too early. */
async function earlyAfterKillsAt(of: Plan, wanted: (op: string, path: string) => boolean): Promise<string[]> {
  const calls: number[] = [];
  await executeWithCrashes(of, seed, [], {
    watch: ({ number, op, path }) => {
      if (wanted(op, path)) calls.push(number);
    },
  });
  expect(calls.length).toBeGreaterThan(0);
  const early: string[] = [];
  for (const call of calls) {
    const { record } = await executeWithCrashes(of, seed, [{ call, when: "after", model: "kill" }]);
    early.push(...(record.early?.map(({ story }) => `${call}: ${story}`) ?? ["nobody looked"]));
  }
  return early;
}

test("evidence is named when it is sure to stay, also where a life that was killed had made the session's folder", async () => {
  const made = (op: string, path: string) => /^(create|mkfifo)$/.test(op) && path.includes("/attempts/1/");
  expect(await earlyAfterKillsAt(plan({}), made)).toEqual([]);
});

test("an agent is resumed from what is sure to stay, also where a life that was killed had put it in place", async () => {
  const fault = { kind: "kill", target: "both" } as const;
  const at = { session: 0, event: "result:1/out" };
  const of = plan({
    sessions: [{ storeLag: "ada", turns: [{ script: oneByOne(2) }] }],
    rounds: [{ at, position: "unread", fault, orphan: still, damage: [] }],
  });
  const put = (op: string, path: string) => op === "rename" && path.includes("/.coding-agent/");
  expect(await earlyAfterKillsAt(of, put)).toEqual([]);
});
