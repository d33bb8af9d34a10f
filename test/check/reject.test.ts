/**
 * Every way to break a promise that a check must find: one change to the record of a perfect run, labelled by hand with
 * all that follows from it, so that a check that sees too much is noticed like one that sees too little.
 */
import { describe, expect, test } from "vitest";
import { checks, judge } from "../../harness/check/index.ts";
import { type HistoryEntry, type RunRecord, serverLeft } from "../../harness/history.ts";
import type { LedgerEntry } from "../../harness/ledger.ts";
import type { ObservedFlag, ObservedSession, Shown } from "../../harness/subject/contract.ts";
import { call, Forge, kill, round } from "./forge.ts";
import * as story from "./stories.ts";

type Writable<T> = { -readonly [Key in keyof T]: Writable<T[Key]> };
type Draft = Writable<RunRecord>;
type DraftSession = Writable<ObservedSession>;
type Label = "ready" | "observe" | "settled";

/** Changes what was said of a session at some looks. */
function say(
  run: Draft,
  labels: readonly Label[],
  change: (observed: DraftSession) => void,
  session = 0,
): void {
  for (const entry of run.history) {
    if (entry.kind !== "observe" || !labels.includes(entry.label)) continue;
    const observed = entry.sessions.find(({ id }) => id === `run-${session}`);
    if (observed !== undefined) change(observed);
  }
}

const looks: readonly Label[] = ["ready", "observe"];
const always: readonly Label[] = ["ready", "observe", "settled"];

function without(type: Shown["type"], callId: string) {
  return (observed: DraftSession) => {
    observed.history = observed.history.filter((event) => event.type !== type || event.callId !== callId);
  };
}

function stateOf(callId: string, state: ObservedSession["calls"][number]["state"]) {
  return (observed: DraftSession) => {
    for (const one of observed.calls) if (one.id === callId) one.state = state;
  };
}

function flagsAs(change: (flags: Writable<ObservedFlag>[]) => Writable<ObservedFlag>[]) {
  return (observed: DraftSession) => {
    if (observed.flags !== "no-surface") observed.flags = change(observed.flags);
  };
}

const flag = (code: string, more: Partial<ObservedFlag> = {}): Writable<ObservedFlag> =>
  structuredClone({ code, cites: [{ source: "P", value: "seen" }], ...more }) as Writable<ObservedFlag>;

function modelKnows(
  run: Draft,
  attempt: number,
  step: string,
  knows: "nothing" | "told-unknown" | "told-not-done" | "cut",
): void {
  const entry = run.ledgers[attempt - 1]?.find((one) => one.kind === "model-input");
  if (entry?.kind === "model-input") entry.knows[step] = knows;
}

/** Lets an attempt execute a step (again), at the end of its ledger. */
function executeAgain(run: Draft, attempt: number, step: string, effectToken: string): void {
  const ledger = run.ledgers[attempt - 1] ?? expect.fail();
  const t = ledger.at(-2)?.t ?? "0";
  const callId = `call_again_${step}`;
  const again: Writable<LedgerEntry>[] = [
    { kind: "effect", t, phase: "begin", step, callId },
    { kind: "effect", t, phase: "done", step, callId },
  ];
  ledger.splice(ledger.length - 1, 0, ...again);
  const last = run.cuts.at(-1) ?? expect.fail();
  last.effects += `${effectToken}\n`;
}

function shownEvents(run: Draft): Writable<Extract<HistoryEntry, { kind: "shown" }>>[] {
  return run.history.filter((entry) => entry.kind === "shown") as Writable<
    Extract<HistoryEntry, { kind: "shown" }>
  >[];
}

interface Case {
  readonly promise: string;
  readonly what: string;
  readonly run: () => RunRecord;
  readonly breaks?: (run: Draft) => void;
  readonly kind: string;
  /** What else is broken by it; nothing, where left out. */
  readonly also?: readonly string[];
}

const cases: readonly Case[] = [
  {
    promise: "no-lost-run",
    what: "an acknowledged run is not listed after the restart",
    run: story.cutAfterResult,
    breaks: (run) => {
      for (const entry of run.history)
        if (entry.kind === "observe" && entry.label === "ready") entry.sessions = [];
    },
    kind: "run-missing/restart",
  },
  {
    promise: "no-lost-run",
    what: "a run is listed twice",
    run: story.cutAfterResult,
    breaks: (run) => {
      for (const entry of run.history)
        if (entry.kind === "observe" && entry.label === "settled")
          entry.sessions = [...entry.sessions, ...entry.sessions];
    },
    kind: "run-listed-twice/settled",
  },
  {
    promise: "no-lost-run",
    what: "a run that nobody submitted is listed",
    run: story.cutAfterResult,
    breaks: (run) => {
      for (const entry of run.history)
        if (entry.kind === "observe")
          entry.sessions = [...entry.sessions, ...entry.sessions.map((one) => ({ ...one, id: "stranger" }))];
    },
    kind: "run-doubled/restart",
    also: ["no-lost-run/run-doubled/settled"],
  },
  {
    promise: "no-lost-run",
    what: "a retried submit is acknowledged as another run",
    run: story.clean,
    breaks: (run) => {
      const at = run.history.findIndex(({ kind }) => kind === "submitted");
      const entry = run.history[at];
      if (entry?.kind === "submitted") run.history.splice(at + 1, 0, { ...entry, id: "run-other" });
    },
    kind: "retry-made-second-run/before-fault",
  },
  {
    promise: "no-lost-shown-event",
    what: "a result that was shown is missing after the restart",
    run: story.cutAfterResult,
    breaks: (run) => say(run, always, without("result", "call_010")),
    kind: "result-missing/restart",
  },
  {
    promise: "no-lost-shown-event",
    what: "a call that was shown is missing at the end",
    run: story.cutAfterResult,
    breaks: (run) => say(run, ["settled"], without("call", "call_010")),
    kind: "call-missing/settled",
  },
  {
    promise: "no-lost-shown-event",
    what: "a text that was shown is missing at the end, with no fault in the run",
    run: story.clean,
    breaks: (run) =>
      say(run, ["settled"], (observed) => {
        observed.history = observed.history.filter(({ type }) => type !== "text");
      }),
    kind: "text-missing/before-fault",
  },
  {
    promise: "no-lost-shown-event",
    what: "the loss is reported as a hole, but nothing was damaged",
    run: story.cutAfterResult,
    breaks: (run) => {
      say(run, always, without("result", "call_010"));
      say(run, always, (observed) => {
        observed.history = [...observed.history, { type: "hole", range: { fromByte: 0, toByte: 99_999 } }];
      });
    },
    kind: "result-missing/restart",
  },
  {
    promise: "no-invented-call",
    what: "a call that no agent made is in the history",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, ["observe"], (observed) => {
        observed.history = [
          ...observed.history,
          { type: "call", callId: "call_x", name: "run_command", input: {} },
        ];
      }),
    kind: "call-invented/restart",
  },
  {
    promise: "no-invented-call",
    what: "a result is made up for a call that has none",
    run: story.cutAfterEffect,
    breaks: (run) =>
      say(run, looks, (observed) => {
        for (const one of observed.calls) if (one.id === "call_011") one.result = "interrupted";
      }),
    kind: "result-invented/restart",
    also: ["result-unchanged/result-changed/restart"],
  },
  {
    promise: "no-invented-call",
    what: "a call is shown with another call's input",
    run: story.cutAfterResult,
    breaks: (run) => {
      for (const { event } of shownEvents(run))
        if (event.type === "call" && event.callId === "call_010") event.input = { command: "step ctoken01" };
    },
    kind: "call-altered/stream",
  },
  {
    promise: "history-in-order",
    what: "a result stands before its call",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, ["observe"], (observed) => {
        observed.history = [...observed.history].reverse();
      }),
    kind: "out-of-order/restart",
  },
  {
    promise: "history-in-order",
    what: "an event is there twice",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, ["settled"], (observed) => {
        observed.history = [...observed.history, ...observed.history];
      }),
    kind: "event-twice/settled",
  },
  {
    promise: "result-unchanged",
    what: "a result has another text",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, ["observe"], (observed) => {
        for (const one of observed.calls) if (one.id === "call_010") one.result = "(no output)";
      }),
    kind: "result-changed/restart",
  },
  {
    promise: "result-unchanged",
    what: "a long result is cut without a word",
    run: story.varied,
    breaks: (run) =>
      say(run, ["observe"], (observed) => {
        for (const event of observed.history)
          if (event.type === "result") event.text = (event.text ?? "").slice(0, 2_000);
      }),
    kind: "result-shortened/restart",
  },
  {
    promise: "result-unchanged",
    what: "two equal calls have each other's result",
    run: story.equalCalls,
    breaks: (run) =>
      say(run, ["settled"], (observed) => {
        const results = observed.history.filter(({ type }) => type === "result");
        const texts = results.map(({ text }) => text ?? "").reverse();
        for (const [index, event] of results.entries()) event.text = texts[index] ?? "";
      }),
    kind: "results-swapped/settled",
  },
  {
    promise: "result-unchanged",
    what: "ids are dropped where two equal calls have different results",
    run: story.equalCalls,
    breaks: (run) =>
      say(run, ["settled"], (observed) => {
        for (const one of observed.calls) delete one.id;
      }),
    kind: "call-id-missing/settled",
  },
  {
    promise: "result-unchanged",
    what: "a failed call is shown as a success",
    run: story.varied,
    breaks: (run) => {
      for (const { event } of shownEvents(run)) if (event.type === "result") event.isError = !event.isError;
    },
    kind: "error-flag-changed/stream",
  },
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
    promise: "flag-iff-divergent",
    what: "a divergence is not flagged",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(
        run,
        always,
        flagsAs((flags) => flags.filter(({ code }) => code !== "ghost-running")),
      ),
    kind: "missed-ghost-running/restart",
  },
  {
    promise: "flag-iff-divergent",
    what: "a divergence is flagged, and marked resolved before anything was done",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(
        run,
        looks,
        flagsAs((flags) => flags.map((one) => ({ ...one, resolved: true }))),
      ),
    kind: "missed-ghost-running/restart",
    also: ["flag-iff-divergent/missed-snapshot-behind-log/restart"],
  },
  {
    promise: "flag-iff-divergent",
    what: "a flag is raised where nothing diverged",
    run: story.cutAfterEnd,
    breaks: (run) =>
      say(
        run,
        ["observe"],
        flagsAs((flags) => [...flags, flag("dangling-call")]),
      ),
    kind: "false-dangling-call/restart",
    also: ["recovery-idempotent/flags-changed/restart"],
  },
  {
    promise: "flag-iff-divergent",
    what: "a flag is raised at the first look only",
    run: story.orphan,
    breaks: (run) =>
      say(
        run,
        ["ready"],
        flagsAs((flags) => [...flags, flag("ghost-running")]),
      ),
    kind: "false-ghost-running/restart",
    also: ["recovery-idempotent/flags-changed/restart"],
  },
  {
    promise: "flag-iff-divergent",
    what: "a flag is gone from the record at the end",
    run: story.cutBeforeLog,
    breaks: (run) =>
      say(
        run,
        ["settled"],
        flagsAs((flags) => flags.filter(({ code }) => code !== "journal-ahead")),
      ),
    kind: "missed-journal-ahead/settled",
  },
  {
    promise: "flag-iff-divergent",
    what: "there is no surface for flags where one is required",
    run: () => story.cutAfterResult({ can: { flags: false } }),
    breaks: (run) =>
      say(run, always, (observed) => {
        observed.flags = "no-surface";
      }),
    kind: "no-surface/restart",
  },
  {
    promise: "flag-iff-divergent",
    what: "a run without any fault is flagged at the end",
    run: story.clean,
    breaks: (run) =>
      say(
        run,
        ["settled"],
        flagsAs(() => [flag("torn-tail")]),
      ),
    kind: "false-unreadable/settled",
  },
  {
    promise: "flag-cites-cause",
    what: "a flag cites nothing",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(
        run,
        ["observe"],
        flagsAs((flags) => flags.map((one) => ({ ...one, cites: [] }))),
      ),
    kind: "cites-nothing/restart",
  },
  {
    promise: "flag-cites-cause",
    what: "a flag cites a source that cannot show it",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(
        run,
        ["observe"],
        flagsAs((flags) => flags.map((one) => ({ ...one, cites: [{ source: "W", value: "tree" }] }))),
      ),
    kind: "cites-wrong-source/restart",
  },
  {
    promise: "flag-cites-cause",
    what: "a flag cites bytes beyond the end of the file",
    run: story.cutAfterResult,
    breaks: (run) => cite(run, { fromByte: 0, toByte: 1_000_000 }),
    kind: "cite-outside-file/restart",
  },
  {
    promise: "flag-cites-cause",
    what: "a call's flag cites bytes that do not name the call",
    run: story.cutAfterEffect,
    breaks: (run) => cite(run, { fromByte: 0, toByte: 10 }),
    kind: "cite-without-call/restart",
  },
  {
    promise: "stream-resumes-without-gap",
    what: "a client that comes back misses an event",
    run: story.orphan,
    breaks: (run) => dropShown(run, "call_011", "call"),
    kind: "event-skipped/stream",
  },
  {
    promise: "stream-resumes-without-gap",
    what: "a client that comes back is shown an event again",
    run: story.orphan,
    breaks: (run) => {
      const again = shownEvents(run).find(({ event }) => event.callId === "call_010");
      const at = run.history.findIndex((entry) => entry.kind === "connect" && entry.after !== undefined);
      if (again !== undefined) run.history.splice(at + 1, 0, { ...again, t: run.history[at]?.t ?? "0" });
    },
    kind: "event-repeated/stream",
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
    promise: "no-lost-run",
    what: "a further turn is acknowledged as a session of its own",
    run: story.clean,
    breaks: (run) => acknowledgeTurn(run, "run-other"),
    kind: "turn-made-second-session/before-fault",
  },
  {
    promise: "no-lost-run",
    what: "a further turn is acknowledged, and nothing at the end knows of it",
    run: story.clean,
    breaks: (run) => acknowledgeTurn(run, "run-0"),
    kind: "turn-missing/settled",
  },
  {
    promise: "no-lost-run",
    what: "a damaged record hides a run that others of its file name",
    run: story.cutAfterResult,
    breaks: (run) => {
      const content = "first run-0\nsecond run-0\nthird run-0\n";
      for (const cut of run.cuts)
        cut.files = [...cut.files, { role: "journal", path: "/o/journal", content }];
      damage(run, { role: "journal", path: "/o/journal", how: "alter", fromByte: 0, toByte: 12 });
      for (const entry of run.history) if (entry.kind === "observe") entry.sessions = [];
    },
    kind: "run-hidden/restart",
    also: [
      "no-lost-run/run-hidden/settled",
      "flag-iff-divergent/missed-snapshot-behind-log/restart",
      "flag-iff-divergent/missed-ghost-running/restart",
      "flag-iff-divergent/missed-unreadable/restart",
    ],
  },
  {
    promise: "no-lost-shown-event",
    what: "damage to one line of a spool hides another",
    run: story.cutAfterResult,
    breaks: (run) => {
      damage(run, { role: "spool", path: "/o/spool-0-1", how: "alter", session: 0, fromByte: 0, toByte: 5 });
      say(run, always, without("call", "call_010"));
    },
    kind: "call-hidden/restart",
  },
  {
    promise: "result-unchanged",
    what: "a character of the stored stream was altered, and the result is given out so without a word",
    run: story.cutAfterResult,
    breaks: (run) => {
      damage(run, {
        role: "spool",
        path: "/o/spool-0-1",
        how: "flip",
        session: 0,
        fromByte: 0,
        toByte: 99_999,
      });
      say(run, ["observe"], (observed) => {
        for (const one of observed.calls)
          if (one.id === "call_010") one.result = (one.result ?? "").replace("line", "lime");
      });
    },
    kind: "result-changed/restart",
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

/** Acknowledges another prompt of the first session, as the run `id`. */
function acknowledgeTurn(run: Draft, id: string): void {
  const at = run.history.findIndex(({ kind }) => kind === "submitted");
  const entry = run.history[at];
  if (entry?.kind !== "submitted") throw new Error("the story has no submit");
  run.history.splice(at + 1, 0, { ...entry, id, turn: 1, key: "another" });
}

/** Puts a damage on record, behind the fault. */
function damage(
  run: Draft,
  what: Omit<Extract<HistoryEntry, { kind: "damage" }>, "t" | "kind" | "round">,
): void {
  const at = run.history.findIndex(({ kind }) => kind === "fault");
  const { t } = run.history[at] ?? expect.fail();
  run.history.splice(at + 1, 0, { kind: "damage", t, round: 0, ...what });
}

/** A power cut takes the first effect, and what was done is said to stand all the same. */
function powerTook(run: Draft, labels: readonly ("observe" | "settled")[]): void {
  const at = run.history.findIndex(({ kind }) => kind === "fault") + 1;
  const { t } = run.history[at - 1] ?? expect.fail();
  const path = "/w/effects.log";
  const loss = { kind: "damage" as const, t, round: 0, role: "effects" as const, path, how: "crash" };
  run.history.splice(at, 0, { ...loss, fromByte: 0, toByte: 9 });
  for (const cut of run.cuts) cut.effects = "";
  say(run, labels, (observed) => {
    for (const one of observed.calls) one.stands = "yes";
  });
}

/** Lets every flag cite a range of the agent's log. */
function cite(run: Draft, range: { fromByte: number; toByte: number }): void {
  const path = "/w/.coding-agent/events/ada-0.jsonl";
  const cites = [{ source: "L", path, range, value: "quoted" }];
  const also = { source: "P", value: "no process" };
  say(
    run,
    ["observe"],
    flagsAs((flags) => flags.map((one) => ({ ...one, cites: [...cites, also] }))),
  );
}

function dropShown(run: Draft, callId: string, type: Shown["type"]): void {
  run.history = run.history.filter(
    (entry) => entry.kind !== "shown" || entry.event.callId !== callId || entry.event.type !== type,
  );
}

describe("each broken promise is found", () => {
  test.each(cases.map((one) => [one.promise, one.what, one] as const))("%s: %s", (_promise, _what, one) => {
    const check = checks.find(({ promise }) => promise === one.promise) ?? expect.fail();
    const whole = one.run();
    if (one.breaks !== undefined) expect(check.judge(whole).status, "before the break").not.toBe("fail");
    const run = structuredClone(whole) as Draft;
    one.breaks?.(run);
    const result = check.judge(run);
    expect(result.status).toBe("fail");
    if (result.status !== "fail") return;
    expect(result.violations.map(({ kind, phase }) => `${kind}/${phase}`)).toContain(one.kind);
    for (const { kind, story: words } of result.violations) {
      expect(kind).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(words.length).toBeGreaterThan(20);
    }
  });

  test.each(cases.map((one) => [one.promise, one.what, one] as const))(
    "nothing but what follows from it is found broken: %s: %s",
    (_promise, _what, one) => {
      const run = structuredClone(one.run()) as Draft;
      one.breaks?.(run);
      const label = [`${one.promise}/${one.kind}`, ...(one.also ?? [])];
      expect([...judge(run).signatures].sort()).toEqual(label.sort());
    },
  );

  test("every check has at least two of them", () => {
    for (const { promise } of checks)
      expect(cases.filter((one) => one.promise === promise).length, promise).toBeGreaterThanOrEqual(2);
  });
});
