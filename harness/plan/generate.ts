/**
 * Generates plans from seeds: the only file that knows fast-check's arbitraries.
 *
 * Always: generation is free of side effects, so that plan number N of a seed is the same everywhere; every
 * generated plan has a fault that is able to fire, and restarts the server at least once.
 * Never: execution steers generation (the reason why this is no `fc.commands`).
 */
import fc from "fast-check";
import { type FaultName, faultNames, isAvailable } from "../fault/index.ts";
import type { Abilities } from "../subject/contract.ts";
import type { Call, Damage, FaultKind, Orphan, Plan, PlanSession, Reply, Round } from "./plan.ts";

/** What plans may hold. */
export interface GenerateOptions {
  readonly can: Abilities;
  /** Kinds of fault to draw from; all by default. */
  readonly faults?: readonly FaultName[];
}

/** A weighted choice that shrinks towards its first alternative. */
function simplestFirst<T>(...choices: { weight: number; arbitrary: fc.Arbitrary<T> }[]): fc.Arbitrary<T> {
  return fc.oneof({ withCrossShrink: true }, ...choices);
}

const resultChars = simplestFirst(
  { weight: 10, arbitrary: fc.nat(200) },
  // Ada's log cuts at 2 000 characters: around it, and well past it.
  { weight: 2, arbitrary: fc.integer({ min: 1_900, max: 2_200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5_000, max: 120_000 }) },
);

const text = fc.oneof(
  fc.constant("I will look at it."),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
);

const call: fc.Arbitrary<Call> = fc
  .record({
    outcome: simplestFirst(
      { weight: 5, arbitrary: fc.constant<Call["outcome"]>("append") },
      { weight: 1, arbitrary: fc.constant<Call["outcome"]>("fail") },
    ),
    resultChars,
    style: fc.constantFrom("ascii" as const, "unicode" as const),
    isEqual: simplestFirst(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  })
  .map(({ isEqual, ...rest }) => (isEqual ? { ...rest, equalTo: 0 } : rest));

const reply: fc.Arbitrary<Reply> = fc
  .record({
    text: fc.option(text, { nil: undefined, freq: 2 }),
    calls: fc.array(call, { minLength: 1, maxLength: 3 }),
    parallel: fc.boolean(),
  })
  .map(({ text: words, calls, parallel }) => ({
    ...(words === undefined ? {} : { text: words }),
    // The first call of a reply has nothing before it that it could equal.
    calls: calls.map((planned, at) => (at === 0 ? withoutEqual(planned) : planned)),
    parallel,
  }));

function withoutEqual({ outcome, resultChars: chars, style }: Call): Call {
  return { outcome, resultChars: chars, style };
}

const turn = fc.record({
  script: fc.record({
    replies: fc.array(reply, { minLength: 1, maxLength: 3 }),
    finalText: fc.constant("All done."),
  }),
});

const session: fc.Arbitrary<PlanSession> = fc.record({
  storeLag: fc.constantFrom("ada" as const, "log-behind" as const),
  turns: fc.oneof(
    { weight: 5, arbitrary: fc.array(turn, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(turn, { minLength: 1, maxLength: 2 }) },
  ),
});

/** A subject that names its agents gets them as they are: none of them logs behind its own words. */
function sessionOf({ agents }: Abilities): fc.Arbitrary<PlanSession> {
  if (agents === undefined) return session;
  return fc
    .tuple(session, fc.constantFrom(...agents))
    .map(([planned, agent]) => ({ ...planned, agent, storeLag: "ada" }));
}

const noOrphan: Orphan = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };

const orphan: fc.Arbitrary<Orphan> = simplestFirst(
  { weight: 2, arbitrary: fc.constant(noOrphan) },
  {
    weight: 3,
    arbitrary: fc.record({ beforeRestart: fc.nat(12), beforeObserve: fc.nat(6), duringResume: fc.nat(6) }),
  },
);

const position = fc.constantFrom("unsent" as const, "unread" as const, "shown" as const);

/** Faults that end a life of the server. */
function endings({ can, faults = faultNames }: GenerateOptions): fc.Arbitrary<FaultKind> {
  const weighted: { weight: number; fault: FaultKind }[] = [
    { weight: 8, fault: { kind: "kill", target: "both" } },
    { weight: 6, fault: { kind: "kill", target: "server" } },
    { weight: 5, fault: { kind: "kill", target: "tree" } },
    { weight: 3, fault: { kind: "term" } },
  ];
  const chosen = weighted.filter(({ fault }) => faults.includes(fault.kind) && isAvailable(can, fault));
  // Whatever is excluded, something must end the server: without it there is no restart to judge.
  const usable = chosen.length > 0 ? chosen : weighted.slice(0, 1);
  return simplestFirst(...usable.map(({ weight, fault }) => ({ weight, arbitrary: fc.constant(fault) })));
}

/** Faults that the server lives through. */
function hardships(
  { faults = faultNames }: GenerateOptions,
  mode: Plan["mode"],
): fc.Arbitrary<FaultKind> | undefined {
  const all: fc.Arbitrary<FaultKind>[] = [];
  // In a free plan the agent may have gone before the kill, which would then meet nobody.
  if (faults.includes("kill") && mode === "lockstep")
    all.push(fc.constant({ kind: "kill", target: "agent" }));
  const events = fc.integer({ min: 1, max: 6 });
  if (faults.includes("freeze"))
    all.push(events.map((count) => ({ kind: "freeze" as const, events: count })));
  if (faults.includes("disconnect"))
    all.push(events.map((count) => ({ kind: "disconnect" as const, events: count })));
  return all.length === 0 ? undefined : fc.oneof(...all);
}

const damage: fc.Arbitrary<Damage> = fc.record({
  role: fc.constantFrom("log" as const, "snapshot" as const, "journal" as const, "spool" as const),
  how: fc.constantFrom("cut" as const, "empty" as const, "nul" as const, "alter" as const),
  file: fc.nat(3),
  record: fc.nat(6),
});

function rounds(options: GenerateOptions, mode: Plan["mode"], sessions: number): fc.Arbitrary<Round[]> {
  const at = fc.record({ session: fc.nat(sessions - 1), nth: fc.nat(45) });
  const mayDamage = options.can.damage && (options.faults ?? faultNames).includes("damage");
  const delayMs = fc.nat(120);
  const main: fc.Arbitrary<Round> = fc
    .record({
      at,
      position,
      unreadEvents: fc.integer({ min: 1, max: 4 }),
      fault: endings(options),
      orphan,
      delayMs,
      damage: mayDamage
        ? simplestFirst(
            { weight: 4, arbitrary: fc.constant<Damage[]>([]) },
            { weight: 1, arbitrary: fc.array(damage, { minLength: 1, maxLength: 1 }) },
          )
        : fc.constant<Damage[]>([]),
    })
    // Nothing may hold a damaged file open: only where every agent is dead as well. And of several sessions whose records
    // come last in a shared file is a matter of moments: a lockstep plan, which has one course, leaves that alone.
    .map((round) =>
      isTree(round.fault) && (mode === "free" || sessions === 1) ? round : { ...round, damage: [] },
    );
  const again: fc.Arbitrary<Round> = fc.record({
    at: fc.oneof(at, fc.constantFrom({ phase: "ready" as const }, { phase: "resuming" as const })),
    position,
    fault: endings(options),
    orphan,
    delayMs,
    damage: fc.constant<Damage[]>([]),
  });
  const hardship = hardships(options, mode);
  const before =
    hardship === undefined
      ? fc.constant<Round[]>([])
      : simplestFirst(
          { weight: 4, arbitrary: fc.constant<Round[]>([]) },
          {
            weight: 1,
            arbitrary: fc
              .record({
                at,
                position,
                fault: hardship,
                orphan: fc.constant(noOrphan),
                delayMs,
                damage: fc.constant<Damage[]>([]),
              })
              .map((round) => [round]),
          },
        );
  const after = simplestFirst(
    { weight: 3, arbitrary: fc.constant<Round[]>([]) },
    { weight: 1, arbitrary: fc.array(again, { minLength: 1, maxLength: 2 }) },
  );
  return fc.tuple(before, main, after).map(([first, second, rest]) => [...first, second, ...rest]);
}

function isTree(fault: FaultKind): boolean {
  return fault.kind === "kill" && fault.target === "tree";
}

/**
 * What is drawn after everything else, so that what a seed gave before it still gives: a person who does not wait
 * for what is said, an ending that is a reload, versions that take over from each other, agents that speak ACP.
 */
function withAfterthoughts(drawn: fc.Arbitrary<Plan>, options: GenerateOptions): fc.Arbitrary<Plan> {
  const { can, faults = faultNames } = options;
  const ways = faults.includes("reload") ? can.reload : [];
  const insists = can.resume && can.resumesByPrompt !== true;
  const afterthoughts = fc.record({
    insists: insists ? fc.oneof(...oneIn(4)) : fc.constant(false),
    reloads: ways.length > 0 ? fc.oneof(...oneIn(8)) : fc.constant(false),
    by: fc.constantFrom(...(ways.length > 0 ? ways : (["signal"] as const))),
    versions: fc.oneof(...oneIn(8)),
    speaksAcp: can.acp === true ? fc.oneof(...oneIn(8)) : fc.constant(false),
    asks: fc.boolean(),
  });
  return fc.tuple(drawn, afterthoughts).map(([drawnPlan, afterthought]) => {
    const { insists: hurried, reloads, by, versions, speaksAcp, asks } = afterthought;
    const plan = speaksAcp ? withAcp(drawnPlan, asks) : drawnPlan;
    let rounds = reloads ? plan.rounds.map((round) => reloaded(round, by)) : plan.rounds;
    if (hurried) rounds = rounds.map((round) => ({ ...round, insists: true }));
    if (versions && can.versions === true) rounds = inTurn(rounds);
    return { ...plan, rounds };
  });
}

/** The same work done by agents that speak ACP; where they ask, they ask for the first call of each reply. */
function withAcp(plan: Plan, asks: boolean): Plan {
  const asking = (call: Call, at: number): Call => (asks && at === 0 ? { ...call, asks } : call);
  const sessions = plan.sessions.map((one): PlanSession => {
    const turns = one.turns.map(({ script }) => ({
      script: {
        ...script,
        replies: script.replies.map((reply) => ({ ...reply, calls: reply.calls.map(asking) })),
      },
    }));
    return { agent: "acp", storeLag: "ada", turns };
  });
  return { ...plan, sessions };
}

/** Every start is another version than the one before. */
function inTurn(rounds: readonly Round[]): Round[] {
  let starts = 0;
  return rounds.map((round) => {
    const { fault } = round;
    const endsServer = fault.kind === "term" || (fault.kind === "kill" && fault.target !== "agent");
    if (!endsServer) return round;
    starts += 1;
    return { ...round, version: starts % 2 === 1 ? "next" : "this" };
  });
}

function oneIn(count: number) {
  return [
    { weight: count - 1, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ];
}

/** Where the server alone would be ended, its source is saved instead: a plan is run under one watcher from its start. */
function reloaded(round: Round, by: Abilities["reload"][number]): Round {
  const { fault, at } = round;
  const isServersOwn = fault.kind === "term" || (fault.kind === "kill" && fault.target === "server");
  // A watcher that saw its server die waits for a change of its own.
  return isServersOwn && "session" in at ? { ...round, fault: { kind: "reload", by } } : round;
}

/** Plans of the default mix: about two in three lockstep, the rest free. */
export function planArbitrary(options: GenerateOptions): fc.Arbitrary<Plan> {
  return withAfterthoughts(plainPlans(options), options);
}

function plainPlans(options: GenerateOptions): fc.Arbitrary<Plan> {
  const lockstep = plansOf("lockstep", options, [
    { weight: 4, count: 1 },
    { weight: 1, count: 2 },
  ]);
  const free = plansOf("free", options, [
    { weight: 1, count: 1 },
    { weight: 1, count: 2 },
  ]);
  return simplestFirst({ weight: 62, arbitrary: lockstep }, { weight: 38, arbitrary: free });
}

function plansOf(
  mode: Plan["mode"],
  options: GenerateOptions,
  sizes: readonly { weight: number; count: number }[],
): fc.Arbitrary<Plan> {
  const free = fc.record({
    // Log-uniform: many short pauses find narrow windows, few long ones find starvation.
    pausesMs: fc.array(
      fc.integer({ min: 0, max: 6 }).map((power) => Math.round(1.9 ** power) - 1),
      { minLength: 1, maxLength: 8 },
    ),
    writes: fc.constantFrom("line" as const, "burst" as const, "split" as const),
  });
  const ofSize = (count: number) =>
    fc.record({
      version: fc.constant(1 as const),
      mode: fc.constant(mode),
      sessions: fc.array(sessionOf(options.can), { minLength: count, maxLength: count }),
      clients: simplestFirst(
        { weight: 3, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.constant(2) },
      ),
      rounds: rounds(options, mode, count),
      ...(mode === "free" ? { free } : {}),
    });
  return simplestFirst(
    ...sizes.map(({ weight, count }) => ({ weight, arbitrary: ofSize(count) as fc.Arbitrary<Plan> })),
  );
}

/** Seed of plan number `index` of a campaign; spread so that neighbouring seeds share no plans. */
export function planSeed(seed: number, index: number): number {
  let mixed = (seed ^ Math.imul(index + 1, 0x9e3779b1)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}

/** By options; making one takes as long as drawing from it. */
const arbitraries = new Map<string, fc.Arbitrary<Plan>>();

/** Plan number `index` of the seed. */
export function generatePlan(options: GenerateOptions, seed: number, index: number): Plan {
  const key = JSON.stringify(options);
  const arbitrary = arbitraries.get(key) ?? planArbitrary(options);
  arbitraries.set(key, arbitrary);
  const [plan] = fc.sample(arbitrary, { seed: planSeed(seed, index), numRuns: 1 });
  if (plan === undefined) throw new Error("fast-check generated no plan");
  return plan;
}
