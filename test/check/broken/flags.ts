/** Flags that are missing, too many or without their cause. See `Case`. */
import * as story from "../stories.ts";
import { always, type Case, cite, flag, flagsAs, looks, say } from "./change.ts";

export const flags: readonly Case[] = [
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
];
