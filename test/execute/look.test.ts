/** When the second look comes, where a server is late to notice that an agent has gone. */
import { expect, it } from "vitest";
import { type Execution, WatchdogFired } from "../../harness/execute/execution.ts";
import { play } from "../../harness/execute/run.ts";
import { prepareInMemory } from "../../harness/memory/execute.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import type { Subject } from "../../harness/subject/contract.ts";

const call = { outcome: "append", resultChars: 40, style: "ascii" } as const;
const plan: Plan = {
  version: 1,
  mode: "lockstep",
  clients: 1,
  sessions: [
    {
      storeLag: "ada",
      turns: [{ script: { replies: [{ calls: [call], parallel: false }], finalText: "done" } }],
    },
  ],
  rounds: [
    {
      at: { session: 0, event: "result:1/out" },
      position: "shown",
      fault: { kind: "kill", target: "both" },
      orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 },
      damage: [],
    },
  ],
};

/** What is said of the agent in the two looks, where the restarted server calls it living in so many answers. */
async function looks(lateAnswers: number): Promise<readonly string[]> {
  const { run, computer } = prepareInMemory(plan, 1, {});
  const { subject } = run;
  let left = lateAnswers;
  const observe: Subject["observe"] = async (context) => {
    const observed = await subject.observe(context);
    if (late.lives < 2 || left === 0) return observed;
    left -= 1;
    return { ...observed, sessions: observed.sessions.map((one) => ({ ...one, live: "yes" })) };
  };
  const late: Execution = { ...run, subject: { ...subject, observe } };
  const watchdog = (error: unknown) => expect(error).toBeInstanceOf(WatchdogFired);
  await computer.scheduler.drive(play(late)).catch(watchdog);
  return run.recorder.entries.flatMap((entry) =>
    entry.kind === "observe" && entry.label !== "settled" ? (entry.sessions[0]?.live ?? []) : [],
  );
}

it("is behind the moment at which it is noticed, however late the first one was", async () => {
  expect([await looks(0), await looks(1), await looks(4)]).toEqual([
    ["no", "no"],
    ["yes", "no"],
    ["yes", "no"],
  ]);
});

it("comes in any case, also where it is never noticed", async () => {
  expect(await looks(Number.POSITIVE_INFINITY)).toEqual(["yes", "yes"]);
});
