/**
 * Aims damage of our own records at those of a kind that was harmed least so far.
 *
 * A journal has many records of what was said and few of what was decided; a record drawn evenly is seldom the one of a
 * run, a dispatch or an end. Always: every record can be drawn; one in so many is drawn evenly.
 */
import type { CutFile } from "../history.ts";
import { executeWithCrashes } from "../memory/crash.ts";
import type { Random } from "../memory/random.ts";
import type { Damage, Plan } from "../plan/plan.ts";

const evenlyOneIn = 4;

interface Target {
  readonly kind: string;
  readonly place: Pick<Damage, "file" | "record">;
}

export class Aim {
  readonly #met = new Map<string, number>();

  /** The plan with the damage of its last round aimed, where that is one of a journal's records. */
  async at(plan: Plan, seed: number, random: Random): Promise<Plan> {
    const round = plan.rounds.at(-1);
    const [damage, ...others] = round?.damage ?? [];
    if (round === undefined || damage?.role !== "journal" || damage.how === "empty") return plan;
    const target = this.#draw(await targetsOf(plan, seed), random);
    if (target === undefined) return plan;
    const aimed = { ...round, damage: [{ ...damage, ...target.place }, ...others] };
    return { ...plan, rounds: [...plan.rounds.slice(0, -1), aimed] };
  }

  #draw(targets: readonly Target[], random: Random): Target | undefined {
    const timesMet = ({ kind }: Target) => this.#met.get(kind) ?? 0;
    const least = Math.min(...targets.map(timesMet));
    const rare = random.oneIn(evenlyOneIn) ? targets : targets.filter((one) => timesMet(one) === least);
    const target = rare[random.below(rare.length)];
    if (target !== undefined) this.#met.set(target.kind, timesMet(target) + 1);
    return target;
  }
}

/** Every record of the journals that the last round's damage finds, each with the place that means it. */
async function targetsOf(plan: Plan, seed: number): Promise<Target[]> {
  const rounds = plan.rounds.map((round) => ({ ...round, damage: [] }));
  const { record } = await executeWithCrashes({ ...plan, rounds }, seed, []);
  const journals = record.cuts
    .findLast(({ label }) => label === "killed")
    ?.files.filter(({ role }) => role === "journal");
  return (journals ?? []).flatMap(targetsIn);
}

const placesMax = { file: 20, record: 50 };

function targetsIn({ content, base64 }: CutFile, file: number): Target[] {
  if (content === undefined || base64 === true || file > placesMax.file) return [];
  const records = content.split("\n").filter((line) => line !== "");
  return records.flatMap((line, at): Target[] => {
    const record = records.length - 1 - at;
    const kind = /\t"([\w-]+)"\t\{/.exec(line)?.[1];
    return kind === undefined || record > placesMax.record ? [] : [{ kind, place: { file, record } }];
  });
}
