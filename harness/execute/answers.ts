/**
 * A subject whose answers have a limit: one that never answers ends the run, and not the campaign.
 *
 * Always: what was asked and not answered in time rejects with {@link WatchdogFired}, which says what was asked.
 * Not able to: limit an answer that is a stream of events; what waits for that has limits of its own.
 */
import type { Subject } from "../subject/contract.ts";
import { limits } from "./execution.ts";
import type { Machine } from "./machine.ts";
import { within } from "./server.ts";

/** The subject as the driver asks it. */
export function answering(base: Subject, machine: Pick<Machine, "after">): Subject {
  const soon = <T>(answer: Promise<T>, what: string, limitMs: number = limits.answerMs) =>
    within(machine, answer, limitMs, what);
  const { setup, allow, useVersion } = base;
  return {
    ...base,
    submit: (ctx, request) => soon(base.submit(ctx, request), "the answer to a prompt"),
    resume: (ctx, session, prompt) => soon(base.resume(ctx, session, prompt), "the answer to a resume"),
    observe: (ctx) => soon(base.observe(ctx), "what it says of its sessions"),
    files: (ctx) => soon(base.files(ctx), "which files it has"),
    ...(setup === undefined
      ? {}
      : {
          setup: (ctx) =>
            soon(Reflect.apply(setup, base, [ctx]), "the subject to set itself up", limits.setupMs),
        }),
    ...(allow === undefined
      ? {}
      : { allow: (ctx, id) => soon(Reflect.apply(allow, base, [ctx, id]), "the answer to a permission") }),
    ...(useVersion === undefined
      ? {}
      : {
          useVersion: (ctx, version) =>
            soon(Reflect.apply(useVersion, base, [ctx, version]), "another version", limits.setupMs),
        }),
  };
}
