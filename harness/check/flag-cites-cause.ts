/**
 * flag-cites-cause: see `says`. Judged for flags whose class is true; a false one is another promise's matter.
 */
import type { CutFile } from "../history.ts";
import { classOf, type FlagClass, sourcesOf } from "../oracle/classes.ts";
import { type Facts, factsOf, type Observation, phaseOf, sessionsOf, whenOf } from "../oracle/facts.ts";
import { bytesOf } from "../oracle/lines.ts";
import { truthAt } from "../oracle/truth.ts";
import type { ObservedFlag } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, observationsOf, overlaps } from "./judging.ts";

export const flagCitesCause: Check = {
  promise: "flag-cites-cause",
  says: "Every flag points at evidence that a stranger can look up, and that shows it.",
  judge(run) {
    const facts = factsOf(run);
    const undecided: string[] = [];
    let flags = 0;
    const violations = sessionsOf(facts).flatMap((session) =>
      observationsOf(facts, session).flatMap(({ observation, observed }) => {
        if (observed.flags === "no-surface" || observed.flags.length === 0) return [];
        const truth = truthAt(facts, observation, session);
        if (truth === undefined) {
          undecided.push(`there is no cut for the observation ${whenOf(facts, observation)}`);
          return [];
        }
        return observed.flags.flatMap((flag) => {
          const name = classOf(flag.code);
          if (name === "informational" || name === "other" || truth[name].is === "no") return [];
          flags += 1;
          return causeless(facts, observation, session, flag, name);
        });
      }),
    );
    if (violations.length === 0 && flags === 0 && undecided.length === 0)
      return notApplicable("no flag was raised where one was due");
    return judged(violations, undecided);
  },
};

function causeless(
  facts: Facts,
  observation: Observation,
  session: number,
  flag: ObservedFlag,
  name: FlagClass,
): readonly Violation[] {
  const kind = causelessKind(facts, observation, flag, name);
  if (kind === undefined) return [];
  const about = flag.callId === undefined ? "" : ` for call ${flag.callId}`;
  const story = `session ${session} is flagged ${flag.code}${about} ${whenOf(facts, observation)}: ${told[kind]}`;
  return [{ kind, phase: phaseOf(observation), story }];
}

type Kind = "cites-nothing" | "cites-wrong-source" | "cite-outside-file" | "cite-without-call";

const told: Readonly<Record<Kind, string>> = {
  "cites-nothing": "it cites no evidence",
  "cites-wrong-source": "none of the sources it cites can show this",
  "cite-outside-file": "it cites bytes that the file does not have",
  "cite-without-call": "no cited bytes or value name the call",
};

function causelessKind(
  facts: Facts,
  observation: Observation,
  flag: ObservedFlag,
  name: FlagClass,
): Kind | undefined {
  if (flag.cites.length === 0) return "cites-nothing";
  // Sources in an orchestrator's own words cannot be compared.
  const letters = flag.cites.map(({ source }) => source).filter((source) => /^[JOLSPWC]$/.test(source));
  if (letters.length === flag.cites.length && !letters.some((letter) => sourcesOf[name].includes(letter)))
    return "cites-wrong-source";
  const cited = flag.cites.flatMap(({ path, range }) =>
    path === undefined || range === undefined ? [] : [{ range, bytes: longest(facts, observation, path) }],
  );
  const known = cited.flatMap(({ range, bytes }) => (bytes === undefined ? [] : [{ range, bytes }]));
  const isOutside = known.some(
    ({ range, bytes }) => range.fromByte < 0 || range.fromByte > range.toByte || range.toByte > bytes.length,
  );
  if (isOutside && !wasDamaged(facts, flag)) return "cite-outside-file";
  const { callId } = flag;
  if (callId === undefined) return undefined;
  const inValue = flag.cites.some(({ value }) => value.includes(callId));
  const isNamedIn = (range: Range, bytes: Buffer) =>
    bytes.subarray(range.fromByte, range.toByte).includes(callId);
  if (known.some(({ range, bytes }) => isNamedIn(range, bytes))) return undefined;
  // What was taken after a flag was raised was there to be cited: it is looked up in the file as it was before.
  const former = takenOf(facts, observation, flag);
  if (former.some(({ range, before }) => before.some((bytes) => isNamedIn(range, bytes)))) return undefined;
  // Ranges of files that no cut holds cannot be looked up.
  const isGone =
    inValue && former.some(({ range, before }) => before.every((bytes) => bytes.length < range.toByte));
  return isGone || (known.length === 0 && (inValue || cited.length > 0)) ? undefined : "cite-without-call";
}

type Range = NonNullable<ObservedFlag["cites"][number]["range"]>;

/** Cited ranges that a crash or damage had taken by then, each with its file as the cuts before that hold it. */
function takenOf(
  facts: Facts,
  observation: Observation,
  { cites }: ObservedFlag,
): readonly { readonly range: Range; readonly before: readonly Buffer[] }[] {
  return cites.flatMap(({ path, range }) => {
    if (path === undefined || range === undefined) return [];
    const gone = [...facts.damages, ...facts.losses].filter(
      (loss) => loss.path === path && overlaps(loss, range) && BigInt(loss.t) <= observation.ns,
    );
    return gone.map(({ t }) => ({
      range,
      before: facts.run.cuts
        .filter((cut) => BigInt(cut.t) < BigInt(t))
        .flatMap(({ files }) => files.filter((file) => file.path === path))
        .flatMap((file) => bytesOf(file) ?? []),
    }));
  });
}

/**
 * The file where it is longest from the observed cut on: a living server goes on writing while it answers. What a
 * power cut made of it afterwards, zeros in place of bytes among it, nobody can have cited.
 */
function longest(facts: Facts, observation: Observation, path: string): Buffer | undefined {
  const from = observation.cut?.cut ?? 0;
  const isTaken = (t: string) =>
    facts.losses.some(
      (loss) => loss.path === path && BigInt(loss.t) > observation.ns && BigInt(loss.t) <= BigInt(t),
    );
  const files: CutFile[] = facts.run.cuts
    .filter(({ cut, t }) => cut === from || (cut === from + 1 && !isTaken(t)))
    .flatMap((cut) => cut.files.filter((file) => file.path === path));
  const all = files.flatMap((file) => bytesOf(file) ?? []);
  return all.reduce<Buffer | undefined>(
    (best, bytes) => (best === undefined || bytes.length > best.length ? bytes : best),
    undefined,
  );
}

/** A flag may still point at where the bytes were before they were cut off. */
function wasDamaged(facts: Facts, flag: ObservedFlag): boolean {
  const gone = [...facts.damages, ...facts.losses];
  return flag.cites.some(({ path }) => gone.some((damage) => damage.path === path));
}
