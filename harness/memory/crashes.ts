/**
 * Draws where the world ends in the runs of a campaign in memory.
 *
 * Always: from the seed and the number of calls of the run without a crash; a first crash is at a call that comes.
 */
import { placeMark } from "../execute/recovery.ts";
import { crashLoss, type RunRecord } from "../history.ts";
import type { Crash } from "./crash.ts";
import { type DiskModel, powerModels } from "./power.ts";
import type { Random } from "./random.ts";

export const diskModels: readonly DiskModel[] = ["kill", ...powerModels];

/** What campaigns take where nobody says otherwise. */
export const defaultModels = diskModels;

/** A campaign runs each plan as it is, then with crashes, and the last time with damage, every other time without crashes. */
export const runsPerPlan = 5;

/** One run in so many has a second crash, at one of so many calls behind the first: mostly in the recovery. */
const secondOneIn = 3;
const secondWithinCalls = 160;

/** The same run without a crash: how many calls it has, and which of them append to a file, in order. */
export interface CallsOfRun {
  readonly calls: number;
  readonly appends: readonly number[];
}

/** The crashes of one run. `at`: about where the first is. */
export function drawCrashes(
  random: Random,
  { calls, appends }: CallsOfRun,
  models: readonly DiskModel[],
  at = 1 + random.below(Math.max(1, calls)),
): Crash[] {
  const first = drawCrash(random, at, models, appends);
  if (!random.oneIn(secondOneIn)) return [first];
  return [first, drawCrash(random, first.call + 1 + random.below(secondWithinCalls), models)];
}

/** One call in ten appends something, and only such a one can be cut in the middle: the next of them is. */
function drawCrash(
  random: Random,
  call: number,
  models: readonly DiskModel[],
  appends: readonly number[] = [],
): Crash {
  const model = models[random.below(models.length)] ?? "kill";
  if (model === "kill") {
    const when = (["before", "after", "torn"] as const)[random.below(3)] ?? "before";
    const torn = when === "torn" ? appends.find((append) => append >= call) : undefined;
    return { call: torn ?? call, when, model };
  }
  const least = random.oneIn(3) ? { state: "least" as const } : {};
  return { call, when: "before", model, ...least };
}

/** A row of the sometimes table that only this tier has. */
export interface MemoryRow {
  readonly name: string;
  applies(models: readonly DiskModel[]): boolean;
  met(run: RunRecord): boolean;
}

const withKill = (models: readonly DiskModel[]) => models.includes("kill");
const withPower = (models: readonly DiskModel[]) => models.some((model) => model !== "kill");

/** Places of crashes, as the driver wrote them down: `append journal segment (call 12, torn it, kill)`. */
function placesOf(run: RunRecord): string[] {
  return run.history.flatMap((entry) =>
    entry.kind === "fault" && entry.at.includes(placeMark) ? [entry.at] : [],
  );
}

const isPower = (at: string) => !at.endsWith(" kill)");

export const memoryRows: readonly MemoryRow[] = [
  {
    name: "memory: killed at a call of a port",
    applies: withKill,
    met: (run) => placesOf(run).some((at) => at.endsWith(" kill)")),
  },
  {
    name: "memory: killed in the middle of a write",
    applies: withKill,
    met: (run) => placesOf(run).some((at) => at.startsWith("append ") && at.endsWith(" torn it, kill)")),
  },
  {
    name: "memory: killed again in recovery",
    applies: withKill,
    met: (run) => placesOf(run).length >= 2,
  },
  {
    name: "memory: power cut",
    applies: withPower,
    met: (run) => placesOf(run).some(isPower),
  },
  {
    name: "memory: power cut took written bytes",
    applies: withPower,
    met: (run) =>
      placesOf(run).some(isPower) &&
      run.history.some(
        (entry) => entry.kind === "damage" && entry.how === crashLoss && entry.toByte > entry.fromByte,
      ),
  },
];
