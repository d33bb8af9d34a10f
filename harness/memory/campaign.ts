/**
 * A campaign in memory: run after run as they are chosen (`chooser/`), until the runs or the time are used up; what breaks
 * is made small at once.
 *
 * Always: everything that decides is in the seed. Every twentieth run is executed twice, and its records must be equal to
 * the byte; the canary must die.
 */
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { type MemoryArtifact, writeMemoryArtifact } from "../campaign/artifact.ts";
import { type Assessment, assess } from "../campaign/assess.ts";
import type { VerdictKind } from "../campaign/job.ts";
import { type FoundDefect, type Problem, sizeOf } from "../campaign/result.ts";
import type { FaultName } from "../fault/index.ts";
import { huntMutant, type Mutant, type MutantEnd } from "../strength/canary.ts";
import { memoryCanary } from "./canary.ts";
import { Chooser, type Draw, executeDraw } from "./chooser/chooser.ts";
import { type CorpusEntry, mergeCorpora, readCorpus, writeCorpus } from "./corpus.ts";
import { Coverage } from "./coverage.ts";
import { type CrashedRun, executeWithCrashes } from "./crash.ts";
import { runsPerRound } from "./crashes.ts";
import type { DiskModel } from "./power.ts";
import { asCrash } from "./replay.ts";
import { shrinkInMemory } from "./shrink.ts";
import { type Tally, Tallying } from "./tally.ts";

export interface MemoryOptions {
  readonly seed: number;
  readonly faults: readonly FaultName[];
  readonly models: readonly DiskModel[];
  /** Rounds of {@link runsPerRound} runs; without it, until the time is over. */
  readonly rounds?: number;
  readonly budgetMs?: number;
  /** CPU time that making one failure small may take. */
  readonly shrinkCpuMs?: number;
  readonly outDir: string;
  /** A seeded bug that this campaign must find. */
  readonly mutant?: Mutant;
  /** Folder of runs that are kept from one campaign to the next, and run first. */
  readonly corpus?: string;
}

/** What comes of it; plain JSON. */
export interface MemoryReport extends Tally {
  /** The seeded bug of this campaign, and how soon it was found. */
  readonly mutant?: MutantEnd;
  readonly defects: readonly FoundDefect[];
  readonly problems: readonly Problem[];
  readonly canary: string;
  readonly cpuMs: number;
  /** Distinct pairs of crash point and disk state, after each CPU second. */
  readonly curve: readonly number[];
}

const doubledEvery = 20;
/** Distinct signatures that are shrunk. */
const shrunkMax = 3;
const shrinkCpuMsDefault = 4_000;
const problemsMax = 50;

/** CPU time that the seeded bug of the campaign is hunted for at most; never more than a sixteenth of the budget. */
const mutantCpuMs = 20_000;
/** In the place of a plan's number, for what the corpus holds. */
const keptIndex = -1;

/** One execution, with what it takes to execute it again. */
interface Run extends Omit<Draw, "layer"> {
  /** Number of the run, from 0. */
  readonly index: number;
}

export class MemoryCampaign {
  readonly #options: MemoryOptions;
  readonly #chooser: Chooser;
  readonly #tally = new Tallying();
  readonly #coverage = new Coverage();
  readonly #defects = new Map<string, FoundDefect>();
  readonly #problems: Problem[] = [];
  readonly #startedMs = performance.now();
  readonly #corpus: CorpusEntry[] = [];
  #runs = 0;
  #canary = "not run";
  #mutant: MutantEnd | undefined;

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.#chooser = new Chooser(options.seed, options);
  }

  /** Runs until it is over; `onRound` is called after each round. */
  async run(isStopped: () => boolean, onRound: () => void): Promise<MemoryReport> {
    this.#canary = await memoryCanary();
    const { rounds = Number.POSITIVE_INFINITY, budgetMs = Number.POSITIVE_INFINITY } = this.#options;
    const isOver = () => isStopped() || performance.now() - this.#startedMs > budgetMs;
    await this.#huntMutant(isOver);
    await this.#runCorpus(isOver);
    for (let index = 0; index < rounds * runsPerRound && !isOver(); index += 1) {
      await this.#judge({ index, ...(await this.#chooser.draw()) });
      if ((index + 1) % runsPerRound > 0) continue;
      onRound();
      // Whoever wants to stop this is heard between rounds.
      await setImmediate();
    }
    const { corpus } = this.#options;
    if (corpus !== undefined) await writeCorpus(corpus, mergeCorpora([this.#corpus]));
    return this.report();
  }

  report(): MemoryReport {
    return {
      ...this.#tally.sum(),
      defects: [...this.#defects.values()],
      problems: this.#problems,
      canary: this.#canary,
      ...(this.#mutant === undefined ? {} : { mutant: this.#mutant }),
      cpuMs: cpuMs(),
      curve: this.#coverage.curve(),
    };
  }

  async #huntMutant(isOver: () => boolean): Promise<void> {
    const { mutant, seed, budgetMs = Number.POSITIVE_INFINITY } = this.#options;
    if (mutant === undefined) return;
    const until = cpuMs() + Math.min(mutantCpuMs, budgetMs / 16);
    this.#mutant = await huntMutant(mutant, seed, () => isOver() || cpuMs() > until);
    const { end, id, runs } = this.#mutant;
    if (end === "lived" && this.#canary === "died as expected")
      this.#canary = `lived in memory: the seeded bug ${id} was not found in ${runs} runs`;
  }

  /** What was kept before is run first; what it comes to is no news then. */
  async #runCorpus(isOver: () => boolean): Promise<void> {
    const { corpus } = this.#options;
    if (corpus === undefined) return;
    for (const entry of mergeCorpora([await readCorpus(corpus)])) {
      const { plan, memory } = entry.run;
      if (memory === undefined) continue;
      if (isOver()) this.#corpus.push(entry);
      else
        await this.#judge(
          { index: keptIndex, plan, seed: memory.seed, crashes: memory.crashes.map(asCrash) },
          entry,
        );
    }
  }

  async #judge(run: Run, kept?: CorpusEntry): Promise<void> {
    this.#runs += 1;
    const startedMs = cpuMs();
    const pairs: number[] = [];
    const executed = await this.#execute(run, pairs);
    const tookMs = Math.round(cpuMs() - startedMs);
    const { record } = executed;
    const assessment = assess(record);
    let verdict: VerdictKind = assessment.verdict;
    let why = assessment.why ?? "";
    let again: CrashedRun | undefined;
    if (this.#runs % doubledEvery === 0 || verdict === "defect") {
      this.#tally.doubled += 1;
      again = await executeWithCrashes(run.plan, run.seed, run.crashes);
      if (verdict !== "defect" && JSON.stringify(again.record) !== JSON.stringify(record)) {
        verdict = "nondeterministic";
        why = "two executions of one plan and seed differ";
      }
    }
    this.#tally.add(record, assessment, verdict, run.crashes.slice(0, executed.hits));
    this.#coverage.at(cpuMs());
    const signatures = verdict === "defect" ? assessment.defects.map(({ signature }) => signature) : [];
    if (this.#options.corpus !== undefined && (pairs.length > 0 || signatures.length > 0))
      this.#corpus.push(
        this.#entryOf(run, { signatures, pairs, cpuMs: tookMs, atMs: kept?.atMs ?? Date.now() }),
      );
    if (again !== undefined && verdict === "defect")
      await this.#found(run, executed, assessment, assess(again.record));
    else if (verdict !== "pass") await this.#doubtful(run, executed, assessment, verdict, why);
  }

  /** Each crash's pair is taken when the next life looks for the first time at what was left. */
  #execute(run: Run, pairs: number[]): Promise<CrashedRun> {
    const { crashes } = run;
    let counted = 0;
    let last: Parameters<Coverage["add"]>[1] | undefined;
    return executeDraw(run, {
      watch: (call, { computer }, hits) => {
        const crash = crashes[hits - 1];
        if (hits > counted && last !== undefined && crash !== undefined) {
          const pair = this.#coverage.add(computer.disk, last, `${crash.model} ${crash.when}`, hits);
          if (pair !== undefined) pairs.push(pair);
          counted = hits;
        }
        if (crashes[hits]?.call === call.number) last = call;
      },
    });
  }

  async #found(run: Run, executed: CrashedRun, assessment: Assessment, second: Assessment): Promise<void> {
    for (const { signature } of assessment.defects) {
      const known = this.#defects.get(signature);
      if (known !== undefined) {
        this.#defects.set(signature, { ...known, runs: known.runs + 1 });
        continue;
      }
      const until = cpuMs() + (this.#options.shrinkCpuMs ?? shrinkCpuMsDefault);
      // What did not come again cannot be made small.
      const cameAgain = second.defects.some((defect) => defect.signature === signature);
      const isShrunk = cameAgain && this.#defects.size < shrunkMax;
      const small = isShrunk
        ? await shrinkInMemory({ ...run, signature }, () => cpuMs() > until)
        : { plan: run.plan, crashes: run.crashes, executed, assessment };
      const artifact = await this.#keep(
        signature.replaceAll("/", "--"),
        { ...run, plan: small.plan, crashes: small.crashes },
        small.executed,
        small.assessment,
        { isShrunk, signature },
      );
      const told = small.assessment.defects.find((defect) => defect.signature === signature);
      const first = told ?? assessment.defects.find((defect) => defect.signature === signature);
      if (first === undefined) continue;
      this.#defects.set(signature, {
        ...first,
        tier: "memory",
        runs: 1,
        firstPlan: run.index,
        artifact,
        replay: `pnpm chaos replay ${artifact}`,
        size: sizeOf(small.executed.record.plan),
        reproduced: cameAgain ? "2 of 2" : "1 of 2",
        plan: small.executed.record.plan,
      });
    }
  }

  async #doubtful(
    run: Run,
    executed: CrashedRun,
    assessment: Assessment,
    verdict: VerdictKind,
    why: string,
  ): Promise<void> {
    if (this.#problems.length >= problemsMax) return;
    const artifact = await this.#keep(`plan-${run.index}-run-${this.#runs}`, run, executed, assessment, {});
    this.#problems.push({ tier: "memory", plan: run.index, verdict, why, artifact });
  }

  #originOf(index: number): string {
    if (index === keptIndex) return "a run of the corpus";
    return `run ${index} of seed ${this.#options.seed}`;
  }

  #entryOf({ index, plan, seed, crashes }: Run, found: Omit<CorpusEntry, "run">): CorpusEntry {
    const origin = `${this.#originOf(index)}, in memory`;
    const memory: MemoryArtifact = { seed, crashes: [...crashes] };
    return { run: { version: 1, subject: "reference", origin, plan, memory }, ...found };
  }

  async #keep(
    name: string,
    { index, plan, seed, crashes }: Run,
    { record }: CrashedRun,
    assessment: Assessment,
    { isShrunk, signature }: { readonly isShrunk?: boolean; readonly signature?: string },
  ): Promise<string> {
    const dir = path.join(this.#options.outDir, "memory", name);
    const origin = `${this.#originOf(index)}, in memory${isShrunk === true ? ", shrunk" : ""}`;
    const memory: MemoryArtifact = { seed, crashes: [...crashes] };
    await writeMemoryArtifact(
      dir,
      { subject: "reference", origin, plan, memory, ...(signature === undefined ? {} : { signature }) },
      record,
      assessment,
    );
    return path.relative(process.cwd(), dir);
  }
}

/** CPU time of this process so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
