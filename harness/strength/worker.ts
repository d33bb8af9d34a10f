/**
 * The process that hunts: loads the hunter of one build after the other and does what it is told.
 *
 * Always: one hunt at a time; when whoever ordered it goes away, it ends.
 */
import { pathToFileURL } from "node:url";
import { runForLong } from "../launch/engine.ts";
import type { HuntOrder, hunt } from "./hunter.ts";

/** One hunt in the build in `file`. */
export interface HuntJob {
  readonly id: number;
  readonly file: string;
  readonly order: HuntOrder;
}
export type HuntAnswer =
  | { readonly id: number; readonly hunt: Awaited<ReturnType<typeof hunt>> }
  | { readonly id: number; readonly failed: string };

runForLong();
process.on("message", async ({ id, file, order }: HuntJob) => {
  const answer = (message: HuntAnswer) => process.send?.(message);
  try {
    const module = (await import(pathToFileURL(file).href)) as { hunt: typeof hunt };
    answer({ id, hunt: await module.hunt(order) });
  } catch (error) {
    answer({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on("disconnect", () => process.exit(0));
