/** What is said of calls and of how a run ended, broken in each way. See `Case`. */
import { Forge, kill, round } from "../forge.ts";
import * as story from "../stories.ts";
import { always, type Case, executeAgain, looks, modelKnows, powerTook, say, stateOf } from "./change.ts";

export const calls: readonly Case[] = [
  {
    promise: "call-state-honest",
    what: "a call is running without an agent",
    run: story.cutAfterEffect,
    breaks: (run) => say(run, looks, stateOf("call_011", "running")),
    kind: "running-without-agent/restart",
  },
  {
    promise: "call-state-honest",
    what: "a finished call is unknown",
    run: story.cutAfterResult,
    breaks: (run) => say(run, ["observe"], stateOf("call_010", "unknown")),
    kind: "known-said-unknown/restart",
    also: ["recovery-idempotent/call-states-changed/restart"],
  },
  {
    promise: "call-state-honest",
    what: "a call that only the agent's log knows the result of is not-started",
    run: story.cutUnsent,
    breaks: (run) => say(run, ["observe"], stateOf("call_011", "not-started")),
    kind: "finished-said-not-started/restart",
    also: ["recovery-idempotent/call-states-changed/restart"],
  },
  {
    promise: "call-state-honest",
    what: "a call whose effect happened is not-started",
    run: story.cutAfterEffect,
    breaks: (run) => say(run, ["observe"], stateOf("call_011", "not-started")),
    kind: "executed-said-not-started/restart",
    also: ["recovery-idempotent/call-states-changed/restart"],
  },
  {
    promise: "call-state-honest",
    what: "a call without effect or result is done",
    run: () => {
      const forge = new Forge({ rounds: [round(kill("both"))] });
      forge.fault(kill("both"), [forge.start().callOut(0).callLog(0)]);
      forge.restart();
      return forge.settle();
    },
    breaks: (run) => say(run, looks, stateOf("call_010", "done")),
    kind: "done-without-evidence/restart",
  },
  {
    promise: "call-state-honest",
    what: "a success is failed",
    run: story.cutAfterResult,
    breaks: (run) => say(run, ["settled"], stateOf("call_010", "failed")),
    kind: "success-said-failed/settled",
  },
  {
    promise: "call-state-honest",
    what: "an error is done",
    run: story.cutAfterError,
    breaks: (run) => say(run, ["settled"], stateOf("call_010", "done")),
    kind: "error-said-done/settled",
  },
  {
    promise: "cut-never-looks-finished",
    what: "a cut run is said to have ended",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, looks, (observed) => {
        observed.ended = "yes";
      }),
    kind: "cut-said-ended/restart",
  },
  {
    promise: "cut-never-looks-finished",
    what: "a cut run reads completed",
    run: story.cutAfterEffect,
    breaks: (run) =>
      say(run, looks, (observed) => {
        observed.state = "completed";
      }),
    kind: "cut-said-completed/restart",
  },
  {
    promise: "cut-never-looks-finished",
    what: "a run that ended is said to be cut",
    run: story.cutAfterEnd,
    breaks: (run) =>
      say(run, ["settled"], (observed) => {
        observed.ended = "no";
      }),
    kind: "finished-said-cut/settled",
    also: ["settles/not-ended/settled"],
  },
  {
    promise: "finished-call-not-repeated",
    what: "the resumed agent does finished work again",
    run: story.cutAfterResult,
    breaks: (run) => executeAgain(run, 2, "s0t0c0", "etoken00"),
    kind: "finished-repeated/resume",
    also: ["settles/step-repeated/settled"],
  },
  {
    promise: "finished-call-not-repeated",
    what: "as before, for a subject on pipes",
    run: () => story.cutAfterResult({ pipe: true }),
    breaks: (run) => executeAgain(run, 2, "s0t0c0", "etoken00"),
    kind: "finished-repeated/resume",
    also: ["settles/step-repeated/settled"],
  },
  {
    promise: "no-blind-retry",
    what: "an unknown call is done again by a model that was told nothing",
    run: story.cutAfterEffect,
    breaks: (run) => {
      modelKnows(run, 2, "s0t0c1", "nothing");
      executeAgain(run, 2, "s0t0c1", "etoken01");
    },
    kind: "retried-untold/resume",
    also: ["resume-carries-finished-calls/unknown-call-untold/resume", "settles/step-repeated/settled"],
  },
  {
    promise: "no-blind-retry",
    what: "an unknown call is done again by a model that was told it was not done",
    run: story.cutAfterEffect,
    breaks: (run) => {
      modelKnows(run, 2, "s0t0c1", "told-not-done");
      executeAgain(run, 2, "s0t0c1", "etoken01");
    },
    kind: "retried-told-not-done/resume",
    also: [
      "resume-carries-finished-calls/unknown-call-told-not-done/resume",
      "settles/step-repeated/settled",
    ],
  },
  {
    promise: "stands-only-what-stands",
    what: "a lost effect is said to stand after the restart",
    run: () => story.cutAfterResult(),
    breaks: (run) => powerTook(run, ["observe"]),
    kind: "lost-effect-stands/restart",
    also: ["settles/step-missing/settled"],
  },
  {
    promise: "stands-only-what-stands",
    what: "a lost effect is said to stand at the end",
    run: () => story.cutAfterResult(),
    breaks: (run) => powerTook(run, ["settled"]),
    kind: "lost-effect-stands/settled",
    also: ["settles/step-missing/settled"],
  },
  {
    promise: "cut-never-looks-finished",
    what: "a cut run is told in the very words of a finished one",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, always, (observed) => {
        Object.assign(observed, { state: "active", ended: "unknown", live: "unknown", flags: [] });
      }),
    kind: "cut-told-like-finished/restart",
    also: [
      "flag-iff-divergent/missed-snapshot-behind-log/restart",
      "flag-iff-divergent/missed-ghost-running/restart",
    ],
  },
];
