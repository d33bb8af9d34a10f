/**
 * Only the server ends (kill, term, reload); its agent goes on, in half of the runs with twenty events and more, a completed
 * call among them, while no server runs, in every tenth to its end. It is taken back, and nothing is lost, doubled or done
 * again. 1,200 runs, so that a thousand agents live at the restart.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { HistoryEntry, RunRecord } from "../../harness/history.ts";
import type { FaultKind, Plan } from "../../harness/plan/plan.ts";
import reference from "../../harness/subject/reference.ts";
import { arbitraryCall } from "../support/arbitrary-call.ts";
import { Runs, told } from "../support/runs.ts";

const numRuns = Number(process.env.ADOPTION_RUNS ?? 1_200);
const seed = Number(process.env.SEED ?? 1);

let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

const fault = fc.oneof(
  { weight: 4, arbitrary: fc.constant<FaultKind>({ kind: "kill", target: "server" }) },
  { weight: 2, arbitrary: fc.constant<FaultKind>({ kind: "term" }) },
  // The reference is not reloaded by a signal: a plan that asks for that waits for ever.
  { weight: 2, arbitrary: fc.constant<FaultKind>({ kind: "reload", by: "node-watch" }) },
  { weight: 1, arbitrary: fc.constant<FaultKind>({ kind: "reload", by: "tsx" }) },
);

/** Events that the agent passes while no server runs: many, or a few. A reload leaves no such time. */
const whileDown = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 20, max: 24 }) },
  { weight: 1, arbitrary: fc.nat(6) },
);
/** All that are left. */
const toTheEnd = 40;

const plans: fc.Arbitrary<Plan> = fc
  .record({
    calls: fc.array(arbitraryCall, { minLength: 5, maxLength: 6 }),
    nth: fc.integer({ min: 2, max: 12 }),
    isEnd: fc.oneof(
      { weight: 5, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    position: fc.constantFrom("unsent" as const, "shown" as const),
    fault,
    down: whileDown,
    before: fc.nat(2),
  })
  .map(({ calls, nth, isEnd, position, fault: kind, down, before }) => ({
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: [
      {
        storeLag: "ada",
        turns: [
          {
            script: {
              replies: calls.map((one) => ({ calls: [one], parallel: false })),
              finalText: "All done.",
            },
          },
        ],
      },
    ],
    rounds: [
      {
        at: { session: 0, nth: isEnd ? nth + 12 : nth },
        position,
        fault: kind,
        orphan: { beforeRestart: isEnd ? toTheEnd : down, beforeObserve: before, duringResume: 40 },
        damage: [],
      },
    ],
  }));

it(`${numRuns} runs whose server alone ends`, async () => {
  const count = { alive: 0, adopted: 0, busy: 0, finished: 0, starts: 0 };
  const wrong: unknown[] = [];
  for (const [index, plan] of fc.sample(plans, { numRuns, seed }).entries()) {
    const judged = await runs.run(plan, reference);
    const { record, assessment } = judged;
    if (assessment.verdict !== "pass") wrong.push({ index, ...(told(judged) as object) });
    const starts = entries(record, "agent-hello").length;
    count.starts += starts;
    const isAlive = record.cuts.some(({ label, alive }) => label === "ready" && alive.length > 0);
    if (isAlive) {
      count.alive += 1;
      if (starts === 1) count.adopted += 1;
    }
    if (passedWhileDown(record) >= 20) count.busy += 1;
    if (!isAlive) count.finished += 1;
  }
  console.log(
    `seed ${seed}: ${numRuns} runs, ${wrong.length} not passed; ${count.alive} agents alive at the restart, ${count.adopted} of them the only start; ${count.finished} had ended while no server ran; ${count.busy} passed 20 and more events meanwhile; ${count.starts} starts in all`,
  );
  expect(wrong).toEqual([]);
  expect(count.adopted).toBe(count.alive);
  expect(count.starts).toBe(numRuns);
  expect(count.alive).toBeGreaterThan(numRuns * 0.75);
  expect(count.busy).toBeGreaterThan(numRuns * 0.4);
  expect(count.finished).toBeGreaterThan(numRuns / 20);
}, 7_200_000);

function entries<K extends HistoryEntry["kind"]>(record: RunRecord, kind: K) {
  return record.history.filter((entry): entry is Extract<HistoryEntry, { kind: K }> => entry.kind === kind);
}

/** Gates that the agent was let through between the end of the first server and the next one's readiness. */
function passedWhileDown(record: RunRecord): number {
  const down = entries(record, "fault")[0]?.t;
  const up = entries(record, "server-ready").find(({ life }) => life === 2)?.t;
  if (down === undefined) return 0;
  return entries(record, "release").filter(
    ({ t }) => BigInt(t) > BigInt(down) && (up === undefined || BigInt(t) < BigInt(up)),
  ).length;
}
