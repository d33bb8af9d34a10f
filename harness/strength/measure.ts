/**
 * Measures the harness: every seeded bug hunted by every chooser with many seeds, and the sound build with the same
 * runs, which must raise nothing.
 *
 * Always: plain numbers, no judgement; what could not be measured is in `failed`.
 */
import path from "node:path";
import type { Layer } from "../memory/chooser/chooser.ts";
import type { Bug, BugClass } from "./bug.ts";
import { buildHunter } from "./build.ts";
import { type ChooserName, chooserNames } from "./chooser.ts";
import type { Catch, Hunt, HuntOrder } from "./hunter.ts";
import type { Hunters } from "./hunters.ts";
import { type BugSample, type Repeated, repeatOnProcesses } from "./on-processes.ts";
import { isForProcesses, type Sample } from "./sample.ts";

/** What a hunt may cost. */
export interface Budget {
  readonly seeds: readonly number[];
  /** Runs after which a hunt gives up. */
  readonly runsMax: number;
}

export interface MeasureOptions extends Budget {
  readonly bugs: readonly Bug[];
  readonly choosers?: readonly ChooserName[];
  /** Of the choosers that ours is compared with, which mostly hunt to the end; as for ours, where left out. */
  readonly against?: Budget;
  /** Repeat a sample of our runs on real processes. */
  readonly onProcesses?: boolean;
  /** For the builds; emptied by whoever made it. */
  readonly dir: string;
  readonly onDone?: (what: string) => void;
  /** So many more will be done than was known: what real processes are to repeat is known when the hunts are over. */
  readonly onMore?: (count: number) => void;
}

/** One bug, one chooser, all seeds. */
export interface BugRow {
  readonly id: string;
  readonly class: BugClass;
  readonly story: string;
  readonly like: string;
  readonly expected: readonly string[];
  readonly chooser: ChooserName;
  readonly hunts: readonly HuntRow[];
}

export interface HuntRow {
  readonly seed: number;
  readonly runs: number;
  readonly cpuMs: number;
  readonly reached?: number;
  readonly triggered?: number;
  readonly caught?: Catch;
  readonly doubtful: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
}

/** The sound build over the same runs. */
export interface SoundRow {
  readonly chooser: ChooserName;
  readonly runs: number;
  readonly cpuMs: number;
  readonly alarms: readonly (Catch & { readonly seed: number })[];
  readonly doubtful: number;
  readonly nearMisses: number;
  readonly flags: Hunt["flags"];
  readonly layers: Readonly<Partial<Record<Layer, number>>>;
}

export interface Measured {
  readonly rows: readonly BugRow[];
  readonly sound: readonly SoundRow[];
  /** Bugs that could not be built or hunted, with why. */
  readonly failed: readonly { readonly id: string; readonly why: string }[];
  /** Runs of ours that real processes repeated; undefined where they were not asked. */
  readonly repeated?: readonly Repeated[];
}

export async function measure(hunters: Hunters, options: MeasureOptions): Promise<Measured> {
  const { bugs, dir, choosers = chooserNames } = options;
  const soundFile = path.join(dir, "sound.mjs");
  await buildHunter([], soundFile);
  const sound: SoundRow[] = [];
  const known = new Map<string, Pick<HuntOrder, "sound" | "places">>();
  for (const chooser of choosers) {
    const { seeds, runsMax } = budgetOf(options, chooser);
    const hunts = await perSeed(seeds, (seed) =>
      hunters.hunt(soundFile, { chooser, seed, runsMax, all: true }),
    );
    for (const { hunt, seed } of hunts)
      known.set(`${chooser} ${seed}`, { sound: hunt.traces, places: hunt.places });
    sound.push(soundRow(chooser, hunts));
    options.onDone?.(`sound build, ${chooser}`);
  }
  const failed: { id: string; why: string }[] = [];
  const perBug = await inTurn(
    [...bugs.entries()],
    hunters.count + 1,
    async ([number, bug]): Promise<BugRow[]> => {
      try {
        const file = path.join(dir, `${bug.id}.mjs`);
        await buildHunter(bug.patches, file);
        return await Promise.all(
          choosers.map(async (chooser) => {
            const { seeds, runsMax } = budgetOf(options, chooser);
            const hunts = await perSeed(seeds, (seed) => {
              const sample =
                options.onProcesses === true && chooser === "ours" ? { sample: number * 1_000 } : {};
              return hunters.hunt(file, {
                chooser,
                seed,
                runsMax,
                ...sample,
                ...known.get(`${chooser} ${seed}`),
              });
            });
            options.onDone?.(`${bug.id}, ${chooser}`);
            const { id, story, like, expected } = bug;
            return { id, class: bug.class, story, like, expected, chooser, hunts: hunts.map(huntRow) };
          }),
        );
      } catch (error) {
        failed.push({ id: bug.id, why: error instanceof Error ? error.message : String(error) });
        return [];
      }
    },
  );
  const rows = perBug.flat();
  if (options.onProcesses !== true) return { rows, sound, failed };
  const samples = samplesOf(rows, bugs);
  options.onMore?.(samples.length);
  const told = (what: string) => options.onDone?.(what);
  return { rows, sound, failed, repeated: await repeatOnProcesses(samples, hunters.count, told) };
}

function samplesOf(rows: readonly BugRow[], bugs: readonly Bug[]): BugSample[] {
  return rows.flatMap(({ id, hunts }) => {
    const bug = bugs.find((one) => one.id === id);
    if (bug === undefined) return [];
    return hunts.flatMap(({ samples }) => samples.filter(isForProcesses).map((sample) => ({ bug, sample })));
  });
}

/** So many side by side, begun in order: a build takes memory, and one more can be made while others are hunted. */
async function inTurn<In, Out>(
  all: readonly In[],
  atOnce: number,
  run: (one: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  const left = [...all.entries()];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

interface Seeded {
  readonly seed: number;
  readonly hunt: Hunt;
}

function budgetOf({ seeds, runsMax, against }: MeasureOptions, chooser: ChooserName): Budget {
  return chooser === "ours" || against === undefined ? { seeds, runsMax } : against;
}

function perSeed(seeds: readonly number[], run: (seed: number) => Promise<Hunt>): Promise<Seeded[]> {
  return Promise.all(seeds.map(async (seed) => ({ seed, hunt: await run(seed) })));
}

function huntRow({
  seed,
  hunt: { traces: _, places: __, alarms: ___, layers: ____, nearMisses: _____, flags: ______, ...rest },
}: Seeded): HuntRow {
  return { seed, ...rest };
}

function soundRow(chooser: ChooserName, hunts: readonly Seeded[]): SoundRow {
  const sum = (of: (hunt: Hunt) => number) => hunts.reduce((total, { hunt }) => total + of(hunt), 0);
  const layers: Partial<Record<Layer, number>> = {};
  for (const { hunt } of hunts)
    for (const [layer, count] of Object.entries(hunt.layers) as [Layer, number][])
      layers[layer] = (layers[layer] ?? 0) + count;
  return {
    chooser,
    runs: sum(({ runs }) => runs),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    alarms: hunts.flatMap(({ seed, hunt }) => hunt.alarms.map((alarm) => ({ ...alarm, seed }))),
    doubtful: sum(({ doubtful }) => Object.values(doubtful).reduce((total, count) => total + count, 0)),
    nearMisses: sum(({ nearMisses }) => nearMisses),
    flags: { due: sum(({ flags }) => flags.due), raised: sum(({ flags }) => flags.raised) },
    layers,
  };
}
