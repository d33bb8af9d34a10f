/** What was shown and recorded, broken in each way. See `Case`. */
import * as story from "../stories.ts";
import {
  acknowledgeTurn,
  always,
  type Case,
  damage,
  dropShown,
  looks,
  say,
  shownEvents,
  without,
} from "./change.ts";

export const history: readonly Case[] = [
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
    what: "a call that was shown has another name at the end",
    run: story.cutAfterResult,
    breaks: (run) =>
      say(run, ["settled"], (observed) => {
        observed.history = observed.history.map((event) =>
          event.type === "call" && event.callId === "call_010" ? { ...event, name: "rvn_command" } : event,
        );
      }),
    kind: "call-altered/settled",
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
    promise: "durable-before-shown",
    what: "an event was shown before its line was on the disk",
    run: story.clean,
    breaks: (run) => {
      const told = "an event is shown before its line is on the disk";
      run.early = [{ kind: "early-event", story: told }];
    },
    kind: "early-event/before-fault",
  },
  {
    promise: "durable-before-shown",
    what: "an agent was started whose dispatch may be lost",
    run: story.cutAfterResult,
    breaks: (run) => {
      run.early = [{ kind: "early-agent", story: "an agent is started before its dispatch is on the disk" }];
    },
    kind: "early-agent/before-fault",
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
    promise: "stream-resumes-without-gap",
    what: "a client that comes back is connected to the end, and shown nothing any more",
    run: story.orphan,
    breaks: (run) => {
      const at = run.history.findIndex((entry) => entry.kind === "connect" && entry.after !== undefined);
      run.history = run.history.filter((entry, index) => index < at || entry.kind !== "shown");
    },
    kind: "event-withheld/stream",
  },
  {
    promise: "stream-resumes-without-gap",
    what: "a client that comes back is not shown the last words",
    run: story.orphan,
    breaks: (run) => {
      const last = run.history.findLastIndex(
        (entry) => entry.kind === "shown" && entry.event.type === "text",
      );
      run.history.splice(last, 1);
    },
    kind: "event-withheld/stream",
  },
  {
    promise: "stream-resumes-without-gap",
    what: "two events have one cursor, whoever comes back to which",
    run: story.orphan,
    breaks: (run) => {
      const [first, second] = shownEvents(run);
      if (first !== undefined && second !== undefined)
        second.event = { ...second.event, cursor: first.event.cursor ?? "" };
    },
    kind: "cursor-shared/stream",
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
];
