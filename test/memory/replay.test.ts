/** Replays and small runs in memory: what they may say, and that an artifact of them is one. */
import { expect, test } from "vitest";
import { replayInMemory } from "../../harness/memory/replay.ts";
import { moved } from "../../harness/memory/shrink.ts";
import type { Plan } from "../../harness/plan/plan.ts";

const plan: Plan = {
  version: 1,
  mode: "lockstep",
  sessions: [{ storeLag: "ada", turns: [{ script: { replies: [], finalText: "" } }] }],
  clients: 1,
  rounds: [],
};

/** What a replay says whose one crash is at this call. */
async function replayed(call: number): Promise<readonly (string | undefined)[]> {
  const replay = replayInMemory({ seed: 3, crashes: [{ call, when: "before", model: "kill" }] });
  const subject = "reference";
  const [outcome] = await replay({ plan, subject, times: 1, workers: 1 });
  return [outcome?.verdict, outcome?.why];
}

test("a replay whose crash never comes is invalid, not green", async () => {
  expect(await replayed(40)).toEqual(["pass", undefined]);
  expect(await replayed(1_000_000)).toEqual([
    "invalid",
    expect.stringMatching(/^the world did not end at call 1000000: the run made \d+$/),
  ]);
});

test("a crash that is moved to the start of a smaller run takes no failed sync with it that would be before it", () => {
  const crash = { call: 90, when: "before", model: "posix", drops: 60 } as const;
  expect(moved(crash, -30)).toEqual({ ...crash, call: 60, drops: 30 });
  const { drops: _, ...alone } = crash;
  expect(moved(crash, -70)).toEqual({ ...alone, call: 20 });
});
