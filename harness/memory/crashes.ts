/**
 * How the world may end in the runs of a campaign in memory, and what of that a campaign must have met.
 *
 * Always: a row is met by what happened, as the driver wrote it down.
 */
import { placeMark } from "../execute/recovery.ts";
import { crashLoss, type RunRecord } from "../history.ts";
import { type DiskModel, powerModels } from "./power.ts";

export const diskModels: readonly DiskModel[] = ["kill", ...powerModels];

/** What campaigns take where nobody says otherwise. */
export const defaultModels = diskModels;

/** Whoever asks for N plans gets N rounds of so many runs in memory, where a run takes a tenth of the time. */
export const runsPerRound = 5;

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
