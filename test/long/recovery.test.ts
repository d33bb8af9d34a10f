/**
 * What a real death interrupts: agent and server killed together, a recovery that is killed three times running, and fifty
 * interrupted runs at one start.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan, Round } from "../../harness/plan/plan.ts";
import reference from "../../harness/subject/reference.ts";
import { bundleServer, Place } from "../orchestrator/helper.ts";
import { arbitraryCall } from "../support/arbitrary-call.ts";
import { Runs, told } from "../support/runs.ts";

const bothKilled = Number(process.env.BOTH_KILLED_RUNS ?? 500);
const recoveryKilled = Number(process.env.RECOVERY_KILLED_RUNS ?? 200);
const seed = Number(process.env.SEED ?? 1);

let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

const session = fc.record({
  storeLag: fc.constantFrom("ada" as const, "log-behind" as const),
  turns: fc
    .array(
      fc.record({ calls: fc.array(arbitraryCall, { minLength: 1, maxLength: 3 }), parallel: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((replies) => [{ script: { replies, finalText: "All done." } }]),
});
const orphan = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
const position = fc.constantFrom("unsent" as const, "unread" as const, "shown" as const);
const killBoth = fc.record({ session: fc.nat(1), nth: fc.nat(30), position }).map(
  ({ session: of, nth, position: where }): Round => ({
    at: { session: of, nth },
    position: where,
    fault: { kind: "kill", target: "both" },
    orphan,
    damage: [],
  }),
);
/** The server alone or with the agent that it has just started, at a moment of its recovery. */
const killRecovery = fc
  .record({
    phase: fc.constantFrom("ready" as const, "resuming" as const),
    target: fc.constantFrom("server" as const, "both" as const, "tree" as const),
  })
  .map(({ phase, target }): Round => {
    return { at: { phase }, position: "unsent", fault: { kind: "kill", target }, orphan, damage: [] };
  });

function plans(recovery: fc.Arbitrary<Round[]>): fc.Arbitrary<Plan> {
  return fc
    .tuple(fc.array(session, { minLength: 1, maxLength: 2 }), killBoth, recovery)
    .map(([sessions, { at, ...first }, rest]) => {
      const within = "session" in at ? { ...at, session: at.session % sessions.length } : at;
      const rounds = [{ ...first, at: within }, ...rest];
      return { version: 1, mode: "lockstep", clients: 1, sessions, rounds };
    });
}

it.each([
  [bothKilled, "whose server and agents were killed", plans(fc.constant([]))],
  [
    recoveryKilled,
    "whose recovery was killed three times running",
    plans(fc.array(killRecovery, { minLength: 3, maxLength: 3 })),
  ],
])(
  "%i runs %s settle, exactly once each",
  async (numRuns, what, drawn) => {
    const wrong: unknown[] = [];
    let faults = 0;
    for (const [index, plan] of fc.sample(drawn, { numRuns, seed }).entries()) {
      const judged = await runs.run(plan, reference);
      faults += judged.record.history.filter(({ kind }) => kind === "fault").length;
      if (judged.assessment.verdict !== "pass") wrong.push({ index, ...(told(judged) as object) });
    }
    console.log(`seed ${seed}: ${numRuns} runs ${what}: ${faults} kills, ${wrong.length} runs not passed`);
    expect(wrong).toEqual([]);
  },
  7_200_000,
);

it("50 interrupted runs at one start: each answered for, none run twice, all resumed to their end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
  const place = new Place(await bundleServer(folder));
  try {
    const first = await place.start();
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const workspace = join(place.folder, `work-${n}`);
        mkdirSync(workspace);
        place.stepsIn(workspace, 1, "started; call c0 zero; result c0 done; call c1 one; exec sleep 600");
        place.stepsIn(workspace, 2, "started; completed");
        const id = await first.submit(workspace, `task ${n}`);
        await first.events(id, (event) => event.type === "call" && event.callId === "c1");
        return id;
      }),
    );
    const wrappers = place.wrapperPids();
    await first.kill("SIGKILL");
    for (const wrapper of wrappers) process.kill(-wrapper, "SIGKILL");
    const before = performance.now();
    const second = await place.start();
    while ((await second.get("/health")).body.ready !== true) await second.get("/health");
    const readyMs = performance.now() - before;
    for (const id of ids) {
      expect(await second.session(id)).toMatchObject({
        state: "interrupted-indeterminate",
        attempts: [{ attempt: 1 }],
        calls: [
          { id: "c0", effect: "done" },
          { id: "c1", effect: "unknown" },
        ],
      });
    }
    await Promise.all(ids.map((id) => second.post(`/api/sessions/${id}/resume`, { acknowledge: true })));
    for (const id of ids) {
      const events = await second.events(id, (event) => event.type === "run-ended" && event.attempt === 2);
      expect(events.at(-1)).toMatchObject({ state: "completed" });
    }
    console.log(`50 interrupted runs: ready after ${Math.round(readyMs)} ms`);
  } finally {
    await place.clean();
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
