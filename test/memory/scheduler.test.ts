import { expect, test } from "vitest";
import { Random } from "../../harness/memory/random.ts";
import { Owner, Scheduler } from "../../harness/memory/scheduler.ts";

test("a timer that came due in a freeze and is cancelled after it, before its turn, does not fire", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const scheduler = new Scheduler(new Random(seed));
    const [frozen, other] = [new Owner(), new Owner()];
    const happened: string[] = [];
    const timer = scheduler.after(frozen, 10, () => happened.push("late"));
    scheduler.freeze(frozen, true);
    scheduler.push(frozen, () => {
      timer.cancel();
      happened.push("cancelled");
    });
    await scheduler.drive(new Promise<void>((resolve) => scheduler.after(other, 1_000, resolve)));
    scheduler.freeze(frozen, false);
    await scheduler.drive(new Promise<void>((resolve) => scheduler.after(other, 1_000, resolve)));
    const cancelledAt = happened.indexOf("cancelled");
    expect(cancelledAt).toBeGreaterThanOrEqual(0);
    expect(happened.slice(cancelledAt + 1)).toEqual([]);
  }
});
