/** A process that performs runs of an enumeration, one after the other, until nobody is there to ask. */
import { runForLong } from "../../launch/engine.ts";
import type { Plan } from "../../plan/plan.ts";
import { perform } from "./job.ts";
import type { PoolMessage } from "./pool.ts";

let about: { readonly plan: Plan; readonly seed: number } | undefined;

runForLong();
process.on("message", (message: PoolMessage) => {
  if (message.kind === "about") {
    about = message;
    return;
  }
  if (about === undefined) throw new Error("A job came before what it is about.");
  void perform(about.plan, about.seed, message.job).then((outcome) => process.send?.(outcome));
});
process.on("disconnect", () => process.exit());
