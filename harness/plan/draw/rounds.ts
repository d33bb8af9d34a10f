/**
 * Draws what happens to them: faults, where they fall, damage, and what an agent does without its server.
 *
 * Always: one fault at least ends a life of the server; damage comes only where every agent is dead as well.
 */
import fc from "fast-check";
import { faultNames, isAvailable } from "../../fault/index.ts";
import type { Damage, FaultKind, Orphan, Plan, Round } from "../plan.ts";
import { type GenerateOptions, simplestFirst } from "./choice.ts";

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

/** One round with a fault that ends the server; maybe one before that it lives through, and one or two more behind. */
export function rounds(
  options: GenerateOptions,
  mode: Plan["mode"],
  sessions: number,
): fc.Arbitrary<Round[]> {
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
