/**
 * Scores what an orchestrator flagged against the truth, per session and class.
 *
 * Required: true when the restarted server was ready and when it was observed. Forbidden: true at neither.
 * Either: anything else: what changed between the two looks, and what the facts leave open at both. At the end only what is missing or false is scored, since most classes are over by then.
 * Always: a class that was true earlier in the run may stay on record; a flag that was marked resolved satisfies a
 * requirement only where the class was true in an earlier round already.
 */

import type { RunRecord } from "../history.ts";
import type { ObservedFlag, ObservedSession } from "../subject/contract.ts";
import { classOf, type FlagClass, flagClasses } from "./classes.ts";
import { diskFailsAt } from "./disk-fails.ts";
import { acknowledged, type Facts, factsOf, type Observation, observedSession, sessionsOf } from "./facts.ts";
import { truthAt } from "./truth.ts";
import { recordDamagedAfter, sharedDamage } from "./truth-unreadable.ts";
import type { Truth } from "./truth-value.ts";

export interface FlagTotals {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
  readonly either: number;
  /** So many of those that are either were true at one look and not at another. */
  readonly changed: number;
}

export type FlagOutcome = Exclude<keyof FlagTotals, "changed">;

/** One session and class, judged at one place of the run. */
export interface FlagPair {
  readonly session: number;
  readonly class: FlagClass;
  readonly round: number;
  readonly phase: "restart" | "settled";
  readonly expected: "required" | "forbidden" | "either";
  readonly flagged: boolean;
  readonly outcome: FlagOutcome;
  /** The truth was not the same at all looks. */
  readonly changed: boolean;
  /** Why the class is true, where it is. */
  readonly why: string;
  /** The orchestrator has no surface for flags. */
  readonly noSurface: boolean;
}

export interface FlagScore {
  readonly pairs: readonly FlagPair[];
  /** Over runs in which a fault killed something; other runs have no totals. */
  readonly totals: FlagTotals;
  /** Flags in words of the subject's own. */
  readonly otherWords: number;
  /** Truth or observation is missing where it is needed. */
  readonly undecided: readonly string[];
}

const cache = new WeakMap<RunRecord, FlagScore>();

/** Scores one run; once, since a check and the campaign's totals both ask. */
export function scoreFlags(run: RunRecord): FlagScore {
  const known = cache.get(run);
  if (known !== undefined) return known;
  const score = scoreRun(factsOf(run));
  cache.set(run, score);
  return score;
}

function scoreRun(facts: Facts): FlagScore {
  const scoring = new Scoring(facts);
  for (const round of new Set(facts.observations.map((observation) => observation.round)))
    scoring.round(round);
  scoring.settled();
  const killed = facts.faults.some((fault) => fault.killed.length > 0);
  const count = (outcome: FlagOutcome) =>
    killed ? scoring.pairs.filter((pair) => pair.outcome === outcome).length : 0;
  return {
    pairs: scoring.pairs,
    totals: {
      truePositive: count("truePositive"),
      falsePositive: count("falsePositive"),
      falseNegative: count("falseNegative"),
      trueNegative: count("trueNegative"),
      either: count("either"),
      changed: killed ? scoring.pairs.filter((pair) => pair.outcome === "either" && pair.changed).length : 0,
    },
    otherWords: scoring.otherWords,
    undecided: scoring.undecided,
  };
}

/** Sums totals of several runs. */
export function addTotals(left: FlagTotals, right: FlagTotals): FlagTotals {
  return {
    truePositive: left.truePositive + right.truePositive,
    falsePositive: left.falsePositive + right.falsePositive,
    falseNegative: left.falseNegative + right.falseNegative,
    trueNegative: left.trueNegative + right.trueNegative,
    either: left.either + right.either,
    changed: left.changed + right.changed,
  };
}

type Expected = FlagPair["expected"];

class Scoring {
  readonly pairs: FlagPair[] = [];
  readonly undecided: string[] = [];
  otherWords = 0;
  /** Session and class that may have been true at some place so far; with those that were required. */
  private readonly everTrue = new Set<string>();
  private readonly everRequired = new Map<string, FlagPair>();

  constructor(private readonly facts: Facts) {}

  /** Scores the observations between one fault and what followed it. */
  round(round: number): void {
    const observations = this.facts.observations.filter(
      (observation) => observation.round === round && observation.label !== "settled",
    );
    const last = observations.at(-1);
    if (last === undefined) return;
    const pairs: FlagPair[] = [];
    for (const session of sessionsOf(this.facts)) {
      if (!acknowledged(this.facts, session, last.ns)) {
        this.mayBeFlagged(observations, session);
        continue;
      }
      for (const name of flagClasses) pairs.push(...this.pair(observations, last, session, name));
    }
    this.pairs.push(...this.withShared(round, pairs));
    for (const pair of pairs) {
      const key = `${pair.session}/${pair.class}`;
      if (pair.expected !== "forbidden") this.everTrue.add(key);
      if (pair.expected === "required") this.everRequired.set(key, pair);
    }
  }

  /** Nothing is asked of a session that nobody was told of; what is true of it may be flagged, and stay on record. */
  private mayBeFlagged(observations: readonly Observation[], session: number): void {
    for (const observation of observations) {
      const table = truthAt(this.facts, observation, session);
      for (const name of flagClasses)
        if (table !== undefined && table[name].is !== "no") this.everTrue.add(`${session}/${name}`);
    }
  }

  private pair(
    observations: readonly Observation[],
    last: Observation,
    session: number,
    name: FlagClass,
  ): readonly FlagPair[] {
    const truths = observations.map((observation) => truthAt(this.facts, observation, session)?.[name]);
    if (truths.some((truth) => truth === undefined)) {
      this.undecided.push(`there is no cut for an observation of round ${last.round}`);
      return [];
    }
    const known = truths.filter((truth) => truth !== undefined);
    const observed = observedSession(this.facts, last, session);
    const flags = flagsOf(observed, name);
    const everFlagged = observations.some((observation) =>
      flagsOf(observedSession(this.facts, observation, session), name).some(isOpen),
    );
    const wasTrue = this.everTrue.has(`${session}/${name}`);
    const due = this.expected(known, wasTrue, flags, everFlagged);
    // Whose disk takes nothing cannot put a flag on record, and may say that it cannot say.
    const isExcused = due === "required" && cannotSay(observed) && diskFailsAt(this.facts.run, last);
    const expected = isExcused ? "either" : due;
    const flagged = expected === "required" ? flags.some(isOpen) : everFlagged;
    return [
      this.judged({
        session,
        name,
        round: last.round,
        phase: "restart",
        expected,
        flagged,
        truths: known,
        observed,
      }),
    ];
  }

  private expected(
    truths: readonly Truth[],
    wasTrue: boolean,
    flags: readonly ObservedFlag[],
    everFlagged: boolean,
  ): Expected {
    // What was true before the last fault may still stand, or may have been taken back.
    if (truths.every(({ is }) => is === "no")) return wasTrue && everFlagged ? "either" : "forbidden";
    if (!truths.every(({ is }) => is === "yes")) return "either";
    return wasTrue && flags.length > 0 && !flags.some(isOpen) ? "either" : "required";
  }

  /** Damage to a file that sessions share is required of one session: the first that says it, or the first of all. */
  private withShared(round: number, pairs: readonly FlagPair[]): readonly FlagPair[] {
    if (sharedDamage(this.facts, round).length === 0) return pairs;
    const unreadable = pairs.filter((pair) => pair.class === "unreadable");
    const told = unreadable.filter(({ flagged }) => flagged);
    // Damage of its own may be what a session says, and a false alarm stays one.
    const isOpen = told.every(({ expected }) => expected === "either");
    const [asked] = told.length > 0 ? told : unreadable;
    if (!isOpen || asked === undefined) return pairs;
    const outcome = asked.flagged ? "truePositive" : "falseNegative";
    const why = `a file that sessions share was damaged${asked.flagged ? "" : ", and no session says so"}`;
    const due: FlagPair = { ...asked, expected: "required", outcome, why };
    return pairs.map((pair) => (pair === asked ? due : pair));
  }

  /** The end: nothing required may be missing from the record, nothing that never was may be flagged. */
  settled(): void {
    const last = this.facts.observations.findLast(({ label }) => label === "settled");
    if (last === undefined) return;
    for (const session of sessionsOf(this.facts)) {
      const observed = observedSession(this.facts, last, session);
      if (observed === undefined) continue;
      if (observed.flags !== "no-surface")
        this.otherWords += observed.flags.filter(({ code }) => classOf(code) === "other").length;
      const table = truthAt(this.facts, last, session);
      if (table === undefined) {
        this.undecided.push("there is no cut for the settled observation");
        return;
      }
      for (const name of flagClasses) this.settledPair(last, session, name, table[name], observed);
    }
  }

  private settledPair(
    last: Observation,
    session: number,
    name: FlagClass,
    truth: Truth,
    observed: ObservedSession,
  ): void {
    const key = `${session}/${name}`;
    const flags = flagsOf(observed, name);
    const required = this.everRequired.get(key);
    const place = { session, name, round: last.round, phase: "settled" as const, observed };
    // What was missed after the restart is scored there, once.
    const forgotten =
      required?.outcome === "truePositive" &&
      flags.length === 0 &&
      !recordDamagedAfter(this.facts, session, required.round);
    const missing = truth.is === "yes" && flags.length === 0 && required === undefined;
    if (forgotten || missing) {
      const why = forgotten ? `${required?.why}; it is no longer on record` : truth.why;
      this.pairs.push(
        this.judged({ ...place, expected: "required", flagged: false, truths: [{ ...truth, why }] }),
      );
    }
    const flaggedFalsely = flags.some(isOpen) && truth.is === "no" && !this.everTrue.has(key);
    const known = this.pairs.some(
      (pair) => pair.session === session && pair.class === name && pair.outcome === "falsePositive",
    );
    if (flaggedFalsely && !known)
      this.pairs.push(this.judged({ ...place, expected: "forbidden", flagged: true, truths: [truth] }));
  }

  private judged(from: {
    session: number;
    name: FlagClass;
    round: number;
    phase: "restart" | "settled";
    expected: Expected;
    flagged: boolean;
    truths: readonly Truth[];
    observed: ObservedSession | undefined;
  }): FlagPair {
    const { session, name, round, phase, expected, flagged, truths, observed } = from;
    const outcome: FlagOutcome =
      expected === "either"
        ? "either"
        : expected === "required"
          ? flagged
            ? "truePositive"
            : "falseNegative"
          : flagged
            ? "falsePositive"
            : "trueNegative";
    const why = truths.find((truth) => truth.why !== "")?.why ?? "";
    const noSurface = observed?.flags === "no-surface";
    const changed = new Set(truths.map(({ is }) => is)).size > 1;
    return { session, class: name, round, phase, expected, flagged, outcome, changed, why, noSurface };
  }
}

function cannotSay(observed: ObservedSession | undefined): boolean {
  return observed?.ended === "unknown" && observed.live === "unknown";
}

/** Flags of one class in an observation, resolved ones too. */
export function flagsOf(observed: ObservedSession | undefined, name: FlagClass): readonly ObservedFlag[] {
  if (observed === undefined || observed.flags === "no-surface") return [];
  return observed.flags.filter(({ code }) => classOf(code) === name);
}

function isOpen(flag: ObservedFlag): boolean {
  return flag.resolved !== true;
}
