/**
 * A worker: executes one job after the other in a process (where possible: a pid namespace) of its own.
 *
 * Always: when the campaign goes away, however, the worker ends everything that it started and itself.
 */
import { reapMarked } from "../execute/processes.ts";
import { executeJob, type WorkPlace } from "./execute-job.ts";
import type { Job, Outcome } from "./job.ts";

/** Campaign → worker. */
export type ToWorker =
  | { readonly kind: "place"; readonly place: WorkPlace }
  | { readonly kind: "job"; readonly job: Job };
/** Worker → campaign. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  | { readonly kind: "failed"; readonly id: number; readonly why: string };

let place: WorkPlace | undefined;

function say(message: FromWorker): void {
  process.send?.(message);
}

process.on("message", async (message: ToWorker) => {
  if (message.kind === "place") {
    place = message.place;
    say({ kind: "ready" });
    return;
  }
  const { job } = message;
  try {
    if (place === undefined) throw new Error("a job came before the place to do it");
    say({ kind: "outcome", outcome: await executeJob(job, place) });
  } catch (error) {
    say({
      kind: "failed",
      id: job.id,
      why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
});

process.on("disconnect", async () => {
  if (place !== undefined) await reapMarked(place.dir);
  process.exit(0);
});

// The campaign decides what an interrupt means; the terminal sends it to everybody.
process.on("SIGINT", () => undefined);
