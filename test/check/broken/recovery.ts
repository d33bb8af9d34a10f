/** What resumes, recoveries and neighbours get, broken in each way. See `Case`. */
import { expect } from "vitest";
import { serverLeft } from "../../../harness/history.ts";
import { call, Forge, kill, round } from "../forge.ts";
import * as story from "../stories.ts";
import { always, type Case, flag, flagsAs, looks, modelKnows, say, stateOf, without } from "./change.ts";

export const recovery: readonly Case[] = [
  {
    promise: "single-driver",
    what: "a second agent is started while the first lives",
    run: () => {
      const forge = new Forge({ rounds: [round(kill("server"))] });
      const first = forge.start().whole(0);
      forge.fault(kill("server"));
      forge.restart();
      forge.resume().whole(1);
      first.whole(2);
      return forge.settle();
    },
    kind: "two-agents-at-once/resume",
    also: [
      "no-orphan-unseen/orphan-unseen/settled",
      "flag-iff-divergent/missed-unexpected-live/settled",
      "flag-iff-divergent/missed-second-writer/settled",
    ],
  },
  {
    promise: "single-driver",
    what: "two agents are seen alive at one cut, though neither acts",
    run: () => {
      const forge = new Forge({ rounds: [round(kill("server"))] });
      forge.start().whole(0);
      forge.fault(kill("server"));
      forge.restart();
      forge.start();
      forge.observe("observe");
      return forge.record();
    },
    kind: "two-agents-at-once/restart",
  },
  {
    promise: "no-orphan-unseen",
    what: "a living agent is said not to live",
    run: story.orphan,
    breaks: (run) =>
      say(run, looks, (observed) => {
        observed.live = "no";
      }),
    kind: "orphan-unseen/restart",
    also: ["flag-iff-divergent/missed-unexpected-live/restart"],
  },
  {
    promise: "no-orphan-unseen",
    what: "a living agent's session is not listed",
    run: story.orphan,
    breaks: (run) => {
      for (const entry of run.history)
        if (entry.kind === "observe" && entry.label === "observe") entry.sessions = [];
    },
    kind: "orphan-unseen/restart",
    also: ["no-lost-run/run-missing/restart"],
  },
  {
    promise: "resume-carries-finished-calls",
    what: "the model is sent nothing of a finished call",
    run: story.cutAfterResult,
    breaks: (run) => modelKnows(run, 2, "s0t0c0", "nothing"),
    kind: "finished-call-untold/resume",
  },
  {
    promise: "resume-carries-finished-calls",
    what: "the model is told that a finished call was not done",
    run: story.cutBeforeLog,
    breaks: (run) => modelKnows(run, 2, "s0t0c0", "told-not-done"),
    kind: "finished-call-told-not-done/resume",
  },
  {
    promise: "resume-carries-finished-calls",
    what: "the model is sent only the head of a result that the stream has whole",
    run: story.varied,
    breaks: (run) => modelKnows(run, 2, "s0t0c0", "cut"),
    kind: "finished-result-cut/resume",
  },
  {
    promise: "resume-carries-finished-calls",
    what: "the model is told nothing of an unknown call",
    run: story.cutAfterEffect,
    breaks: (run) => modelKnows(run, 2, "s0t0c1", "nothing"),
    kind: "unknown-call-untold/resume",
  },
  {
    promise: "resume-carries-finished-calls",
    what: "a result that only the agent's log holds is told as unknown",
    run: story.cutUnsent,
    breaks: (run) => modelKnows(run, 2, "s0t0c1", "told-unknown"),
    kind: "finished-call-told-unknown/resume",
  },
  {
    promise: "neighbours-unharmed",
    what: "the neighbour's session is missing",
    run: story.neighbours,
    breaks: (run) => {
      for (const entry of run.history)
        if (entry.kind === "observe" && entry.label === "ready")
          entry.sessions = entry.sessions.filter(({ id }) => id !== "run-1");
    },
    kind: "neighbour-missing/restart",
    also: ["no-lost-run/run-missing/restart", "no-orphan-unseen/orphan-unseen/restart"],
  },
  {
    promise: "neighbours-unharmed",
    what: "the neighbour lost an event",
    run: story.neighbours,
    breaks: (run) => say(run, always, without("result", "call_110"), 1),
    kind: "neighbour-event-missing/restart",
    also: ["no-lost-shown-event/result-missing/restart"],
  },
  {
    promise: "neighbours-unharmed",
    what: "the neighbour is flagged",
    run: story.neighbours,
    breaks: (run) =>
      say(
        run,
        looks,
        flagsAs(() => [flag("log-unreadable")]),
        1,
      ),
    kind: "neighbour-flagged/restart",
    also: ["flag-iff-divergent/false-unreadable/restart"],
  },
  {
    promise: "recovery-idempotent",
    what: "a flag comes and goes between two looks",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(
        run,
        ["ready"],
        flagsAs((flags) => flags.slice(1)),
      ),
    kind: "flags-changed/restart",
  },
  {
    promise: "recovery-idempotent",
    what: "a call's state changes between two looks",
    run: story.cutAfterEffect,
    breaks: (run) => say(run, ["ready"], stateOf("call_011", "not-started")),
    kind: "call-states-changed/restart",
    also: ["call-state-honest/executed-said-not-started/restart"],
  },
  {
    promise: "recovery-idempotent",
    what: "a second recovery raises the same flags again",
    run: story.cutTwice,
    breaks: (run) =>
      say(
        run,
        ["settled"],
        flagsAs((flags) => [...flags, ...structuredClone(flags)]),
      ),
    kind: "flags-multiplied/settled",
  },
  {
    promise: "recovery-idempotent",
    what: "each recovery tells once more that a flag was raised",
    run: story.cutTwice,
    breaks: (run) =>
      say(run, ["settled"], (session) => {
        session.history = [
          ...session.history,
          { type: "flag", text: "f1" },
          { type: "flag-resolved", text: "f1" },
          // Raised anew, which is right; and once more, which is not.
          { type: "flag", text: "f1" },
          { type: "flag", text: "f1" },
        ];
      }),
    kind: "flag-raised-again/settled",
  },
  {
    promise: "settles",
    what: "a session is never brought to its end",
    run: () => {
      const forge = new Forge({ rounds: [round(kill("both"))] });
      forge.fault(kill("both"), [forge.start().whole(0)]);
      forge.restart();
      forge.observe("settled");
      return forge.record();
    },
    kind: "not-ended/settled",
    also: ["settles/step-missing/settled"],
  },
  {
    promise: "settles",
    what: "the watchdog fired",
    run: story.cutAfterResult,
    breaks: (run) => run.history.push({ kind: "watchdog", t: "9999999999", waitingFor: "session 0 to end" }),
    kind: "stuck/settled",
  },
  {
    promise: "settles",
    what: "a step was skipped for good",
    run: story.cutAfterEffect,
    breaks: (run) => {
      for (const cut of run.cuts) cut.effects = cut.effects.replace("etoken02\n", "");
    },
    kind: "step-missing/settled",
  },
  {
    promise: "settles",
    what: "a session was never accepted",
    run: () => story.clean({ sessions: [[call()]] }),
    breaks: (run) => {
      run.sessionIds = [undefined];
    },
    kind: "never-accepted/settled",
  },
  {
    promise: "settles",
    what: "a step stands twice in the workspace at the end",
    run: story.cutAfterEffect,
    breaks: (run) => {
      const last = run.cuts.at(-1) ?? expect.fail();
      last.effects += "etoken01\n";
    },
    kind: "step-repeated/settled",
  },
  {
    promise: "settles",
    what: "the server ended by itself",
    run: story.cutAfterResult,
    breaks: (run) =>
      run.history.push({ kind: "watchdog", t: "9999999999", waitingFor: `${serverLeft} with code 1` }),
    kind: "server-ended-by-itself/settled",
  },
];
