/**
 * The process of a campaign in memory: one, of one thread, with less priority than real processes have.
 *
 * Always: when the campaign goes away, however, it ends. It touches nothing of the machine but the artifacts.
 */
import { setPriority } from "node:os";
import { runForLong } from "../launch/engine.ts";
import { MemoryCampaign, type MemoryOptions, type MemoryReport } from "./campaign.ts";

/** Campaign → this process. */
export type ToMemory =
  | { readonly kind: "begin"; readonly options: MemoryOptions }
  | { readonly kind: "stop" };
/** This process → campaign. */
export type FromMemory =
  | { readonly kind: "progress" | "end"; readonly report: MemoryReport }
  | { readonly kind: "failed"; readonly why: string };

/** Real processes wait for each other in real time; this tier takes what they leave, and a share all the same. */
const niceness = 5;
const progressEveryMs = 500;

let isStopped = false;

function say(message: FromMemory): void {
  process.send?.(message);
}

async function run(options: MemoryOptions): Promise<void> {
  setPriority(niceness);
  runForLong();
  let toldMs = performance.now();
  const campaign = new MemoryCampaign(options);
  const report = await campaign.run(
    () => isStopped,
    () => {
      if (performance.now() - toldMs < progressEveryMs) return;
      toldMs = performance.now();
      say({ kind: "progress", report: campaign.report() });
    },
  );
  say({ kind: "end", report });
}

process.on("message", (message: ToMemory) => {
  if (message.kind === "stop") isStopped = true;
  else
    run(message.options).catch((error: unknown) =>
      say({ kind: "failed", why: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
});
process.on("disconnect", () => process.exit(0));
// The campaign decides what an interrupt means; the terminal sends it to everybody.
process.on("SIGINT", () => undefined);
