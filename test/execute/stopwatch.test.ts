/** Where the time of a run goes: one thing at a time, and never more than there was. */
import { expect, test } from "vitest";
import { realMachine } from "../../harness/execute/machine.ts";
import { activities, Stopwatch } from "../../harness/execute/stopwatch.ts";

const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a wait inside another counts for the other", async () => {
  const started = performance.now();
  const watch = new Stopwatch();
  const end = watch.begin("starts");
  await watch.during("agents", turn(5));
  await turn(5);
  end();
  const { starts, agents } = watch.total();
  expect(agents).toBe(0);
  expect(starts).toBeGreaterThan(8);
  expect(starts).toBeLessThanOrEqual(performance.now() - started);
});

test("a wait with a limit ends when it is cancelled or over, once; a failed one ends too", async () => {
  const watch = new Stopwatch();
  const machine = watch.machine("agents", realMachine());
  const limit = machine.after(60_000, () => undefined);
  await turn(5);
  limit.cancel();
  limit.cancel();
  const { agents } = watch.total();
  expect(agents).toBeGreaterThan(3);
  await new Promise<void>((resolve) => void machine.after(1, resolve));
  await expect(watch.during("streams", Promise.reject(new Error("no")))).rejects.toThrow("no");
  const total = watch.total();
  await turn(5);
  expect(watch.total()).toEqual(total);
  expect(activities.filter((activity) => total[activity] > 0)).toContain("agents");
});
