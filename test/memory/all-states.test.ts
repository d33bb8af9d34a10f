import path from "node:path";
import { dir as temporaryFolder } from "tmp-promise";
import { expect, test } from "vitest";
import { traceOf } from "../../harness/campaign/trace.ts";
import { judge } from "../../harness/check/index.ts";
import { type Crash, type CrashedRun, executeWithCrashes } from "../../harness/memory/crash.ts";
import { Disk } from "../../harness/memory/disk.ts";
import { enumerate } from "../../harness/memory/enumerate.ts";
import { Exhaustive } from "../../harness/memory/enumeration/exhaustive.ts";
import { type Moment, momentsOf } from "../../harness/memory/enumeration/moments.ts";
import { Leavings, narrowed, type StateSet, type StateSpace, sizeOf } from "../../harness/memory/leavings.ts";
import { type Look, Looks } from "../../harness/memory/looks.ts";
import { FileNode, FolderNode } from "../../harness/memory/nodes.ts";
import { choicesOf, type PowerModel, powerModels, stateOfPicks } from "../../harness/memory/power.ts";
import { Random } from "../../harness/memory/random.ts";
import { TwiceLeft } from "../../harness/memory/twice-left.ts";
import small from "../../scenarios/finished-turn-without-its-end-event.ts";
import scenario from "../../scenarios/result-known-only-from-the-stream.ts";

const { plan } = scenario;
const seed = 1;

/** A disk on which files and folders were made, written, renamed, removed and synced by chance. */
function someDisk(random: Random): Disk {
  const disk = new Disk(() => undefined);
  disk.prepare("/d");
  const folders = ["/d", "/d/e"];
  const paths = folders.flatMap((folder) => ["a", "b", "c"].map((name) => `${folder}/${name}`));
  const anyOf = <T>(all: readonly T[]): T => all[random.below(all.length)] as T;
  for (let step = 0; step < 12; step += 1) {
    const path = anyOf(paths);
    const node = disk.at(path);
    const steps = [
      () => disk.add("/d/e", new FolderNode()),
      () => disk.add(path, new FileNode()),
      () => node instanceof FileNode && disk.append(path, node, Buffer.from(String(step))),
      () => node instanceof FileNode && disk.syncFile(node),
      () => disk.rename(path, anyOf(paths)),
      () => disk.remove(path),
      () => {
        const folder = disk.at(anyOf(folders));
        if (folder instanceof FolderNode) disk.syncFolder(folder);
      },
    ];
    anyOf(steps)();
  }
  return disk;
}

/** Every state of the set, as picks. */
function picksOf(states: StateSet): number[][] {
  return states.reduce<number[][]>(
    (picks, options) => picks.flatMap((pick) => options.map((option) => [...pick, option])),
    [[]],
  );
}

/** Looks at everything that is there. */
function lookAtAll(disk: Disk, path: string): void {
  for (const name of disk.names(path) ?? []) {
    const node = disk.at(`${path}/${name}`);
    if (node instanceof FileNode) expect(node.content).toBeDefined();
    else lookAtAll(disk, `${path}/${name}`);
  }
}

test.each(powerModels)("what is seen of a state is what was said that it would answer: %s", (model) => {
  const random = new Random(3);
  let open = 0;
  for (let nth = 0; nth < 60; nth += 1) {
    const disk = someDisk(random);
    const choices = choicesOf(disk, model);
    const leavings = new Leavings(disk, choices);
    if (sizeOf(leavings.all) > 200n) continue;
    if (sizeOf(leavings.all) > 1n) open += 1;
    for (const picks of picksOf(leavings.all)) {
      const looks = new Looks(leavings.possible);
      const after = new Disk(() => undefined);
      after.restore(stateOfPicks(disk, choices, picks).rootFor(looks), looks);
      lookAtAll(after, "/d");
      const state = picks.map((pick) => [pick]);
      for (const { what, answer } of looks.seen)
        expect([what, ...leavings.answers(what, state).keys()]).toEqual([what, answer]);
    }
  }
  expect(open).toBeGreaterThan(5);
});

/** The verdict of a run, and what everybody told and did in it, each in order. */
function toldIn({ record, past }: CrashedRun): string {
  const { verdict, signatures } = judge(record);
  const history = record.history.map((entry) => (entry.kind === "fault" ? { ...entry, at: "" } : entry));
  return JSON.stringify([past, verdict, signatures, traceOf({ ...record, history })]);
}

/** The same in all runs that saw the same, whatever else was left; told by what they saw. */
class Outcomes {
  readonly #byLooks = new Map<string, string>();

  get size(): number {
    return this.#byLooks.size;
  }

  add(run: CrashedRun): void {
    this.#byLooks.set(this.#keyOf(run.past, run.looks), toldIn(run));
  }

  of({ past, looks }: CrashedRun): string | undefined {
    return this.#byLooks.get(this.#keyOf(past, looks));
  }

  #keyOf(past: number | undefined, looks: readonly Look[]): string {
    return JSON.stringify([past, looks]);
  }
}

/** Goes through the moments, then runs states of each, and compares them with the runs that stand for them. */
async function comparesAll(
  moments: readonly Moment[],
  run: (moment: Moment, picks: readonly number[]) => Promise<CrashedRun>,
): Promise<number> {
  const outcomes = new Outcomes();
  let runs = 0;
  const { legal, covered } = await new Exhaustive(async (moment, picks) => {
    runs += 1;
    const ran = await run(moment, picks);
    outcomes.add(ran);
    const { looks, past } = ran;
    return { verdict: "pass", stories: [], looks, ...(past === undefined ? {} : { past }) };
  }).through(moments, 1);
  expect(covered).toBe(legal);
  expect(runs).toBeLessThan(Number(legal));
  let compared = 0;
  for (const moment of moments) {
    const all = picksOf(moment.states.all);
    for (const picks of all.filter((_, at) => at % Math.ceil(all.length / 16) === 0)) {
      const whole = await run(moment, picks);
      expect(outcomes.of(whole)).toBe(toldIn(whole));
      compared += 1;
    }
  }
  return compared;
}

const few = ({ states }: Moment) => sizeOf(states.all) > 1n && sizeOf(states.all) <= 130n;
const cut = (model: PowerModel, { call }: Moment, picks: readonly number[]): Crash => {
  return { call, when: "before", model, picks };
};

test.each(["posix", "ext4"] as const)(
  "every state comes to what the run that stands for it came to: %s",
  async (model) => {
    const moments = (await momentsOf(plan, seed, model)).filter((one, at) => at % 14 === 0 && few(one));
    const run = (moment: Moment, picks: readonly number[]) =>
      executeWithCrashes(plan, seed, [cut(model, moment, picks)]);
    expect(await comparesAll(moments, run)).toBeGreaterThan(15);
  },
  60_000,
);

test("so it does where a second power cut comes into the recovery from the first", async () => {
  const model = "posix";
  // The wrapper's notes are not synced then, and a recovery need not look at each.
  const moment = (await momentsOf(plan, seed, model)).find(({ states }) => sizeOf(states.all) >= 36n);
  if (moment === undefined) throw new Error("nothing is open at any call");
  const crash = cut(
    model,
    moment,
    moment.states.all.map((options) => options.length - 1),
  );
  const { looks } = await executeWithCrashes(plan, seed, [crash]);
  const open = narrowed(moment.states, looks);
  expect(sizeOf(open)).toBeGreaterThan(1n);
  const seconds = await momentsOf(plan, seed, model, { moment, crash, open });
  const moments = seconds.filter((one, at) => at % 16 === 0 && few(one));
  const run = (second: Moment, picks: readonly number[]) => {
    if (!(second.states instanceof TwiceLeft)) throw new Error("it is not about the first");
    const [own, later] = second.states.picksOf(picks);
    return executeWithCrashes(plan, seed, [{ ...crash, picks: own }, cut(model, second, later)]);
  };
  expect(await comparesAll(moments, run)).toBeGreaterThan(15);
}, 60_000);

/** A moment at which two things are open, each in two ways. */
const open: StateSpace = {
  all: [
    [0, 1],
    [0, 1],
  ],
  answers(what, states) {
    const choice = what === "first" ? 0 : 1;
    return new Map(
      (states[choice] ?? []).map((pick) => [String(pick), states.with(choice, [pick])] as const),
    );
  },
};
const moments: Moment[] = [1, 2].map((call) => {
  return { call, step: "", states: open, key: String(call), complete: true };
});
const sees = (picks: readonly number[], ...asked: ("first" | "second")[]) => ({
  verdict: "pass",
  stories: [],
  past: 1,
  looks: asked.map((what) => ({ what, answer: String(picks[what === "first" ? 0 : 1]) })),
});

test("a run stands for what it did not ask, and calls with one past share their runs", async () => {
  const ran: string[] = [];
  const exhaustive = new Exhaustive(async ({ call }, picks) => {
    ran.push(`${call}: ${picks}`);
    return picks[0] === 1 ? sees(picks, "first") : sees(picks, "first", "second");
  });
  expect(await exhaustive.through(moments, 1)).toEqual({ legal: 8n, covered: 8n, apart: 0, untold: 0 });
  expect(ran).toEqual(["1: 1,1", "1: 0,1", "1: 0,0", "2: 1,1"]);
});

test("a call whose runs ask otherwise than those of another call has its own", async () => {
  const exhaustive = new Exhaustive(async ({ call }, picks) =>
    call === 1 ? sees(picks, "first", "second") : sees(picks, "second", "first"),
  );
  expect(await exhaustive.through(moments, 1)).toEqual({ legal: 8n, covered: 8n, apart: 1, untold: 0 });
});

test("where equal answers lead to other questions nothing is claimed", async () => {
  let runs = 0;
  const exhaustive = new Exhaustive(async (_, picks) => {
    runs += 1;
    return runs % 2 === 0 ? sees(picks, "first", "second") : sees(picks, "second", "first");
  });
  const { covered, untold } = await exhaustive.through(moments, 1);
  expect([covered < 8n, untold > 0]).toEqual([true, true]);
});

test("torn writes of a whole run: all legal states, a pass after each, and none again that a file has", async () => {
  const { path: dir, cleanup } = await temporaryFolder({ unsafeCleanup: true });
  const progress = path.join(dir, "progress.jsonl");
  const options = { model: "torn", pairs: false, statesMax: "all", seed, progress } as const;
  const found = await enumerate(small.plan, options);
  const again = await enumerate(small.plan, options);
  await cleanup();
  expect(found.failures).toEqual([]);
  expect(found.coverage?.covered).toBe(found.coverage?.legal);
  expect(found.coverage?.legal).toBeGreaterThan(BigInt(found.runs));
  expect([found.known, again.runs, again.known]).toEqual([0, 1, found.runs - 1]);
  expect(again.coverage).toEqual(found.coverage);
  expect(new Set(again.rows)).toEqual(new Set(found.rows));
}, 60_000);

test("stopped early, it says that it is not exhaustive", async () => {
  const found = await enumerate(plan, { model: "ext4", pairs: false, statesMax: "all", seed, runsMax: 20 });
  expect(found.runs).toBeLessThanOrEqual(20);
  expect(found.coverage?.covered).toBeLessThan(found.coverage?.legal ?? 0n);
});
