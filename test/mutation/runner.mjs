/**
 * A test runner for Stryker that judges mutants in one process: the tests are loaded once, a mutant is switched on, and
 * they run again. Through vitest a mutant takes more than a second, most of it to load the same modules anew.
 *
 * Always: of the tests that reach a mutant those run first that are quick and have found many others, and none runs after
 * one has failed; properties draw the same cases each time.
 * Never: it judges a mutant of a module's first evaluation in modules that were evaluated before: Stryker starts a new
 * process for each of those.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { register as registerHooks } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { register as registerTypeScript } from "tsx/esm/api";

/** Judged by runs in memory besides: what was found and kept, and so many of a campaign of this seed. */
const campaign = { area: "session", seed: 1, runs: 20 };

/** Each takes as long as all others together: a mutant that these alone would find counts as one that lived. */
const tooDear = [
  "test/reconcile/properties.test.ts",
  "test/reconcile/healing.test.ts",
  "test/journal/damage.test.ts > a flip of every byte",
  "test/journal/damage.test.ts > truncation at every byte",
  "test/journal/failed-sync.test.ts > random failures",
  "test/journal/record.test.ts > record: any single altered byte",
  "test/journal/take-over.test.ts > races",
  "test/session/checkpoint.test.ts > a checkpoint > of which any byte is another",
];

/** A test that takes longer than this and four times what it took without a mutant waits for what never comes. */
const patienceMs = 2_000;

/** In the sandbox: what each test takes, for the processes that begin with a mutant and cannot measure it. */
const timesFile = "test-times.json";

/** In the sandbox: the campaign's runs, drawn before any mutant was on. */
const runsFile = "campaign-runs.json";

const standIn = new URL("./tests.mjs", import.meta.url).href;
const hooks = `export const resolve = (name, context, next) =>
  name === "vitest" ? { url: ${JSON.stringify(standIn)}, shortCircuit: true } : next(name, context);`;

class InProcessRunner {
  /** Folders of src that are mutated; the tests of each are in a folder of its name. */
  #areas;
  #tests;
  /** What failed outside of any test since it was last asked for. */
  #stray;

  constructor({ mutate }) {
    const areas = mutate.flatMap((pattern) => /^src\/([a-z]+)\//.exec(pattern)?.[1] ?? []);
    this.#areas = [...new Set(areas)].sort();
  }

  /** Modules keep what they were when they were evaluated. */
  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    process.env.CI = "1";
    const note = (error) => {
      this.#stray ??= error;
    };
    process.on("unhandledRejection", note);
    process.on("uncaughtException", note);
    // Stryker gives every mutant the time that it took to begin: what is drawn once is no part of that.
    if (this.#areas.includes(campaign.area) && !existsSync(runsFile)) await this.#load();
  }

  async dryRun() {
    await this.#load();
    const state = stryker();
    for (const test of this.#tests) {
      state.currentTestId = test.name;
      test.failure = await this.#failureOf(test, 60_000);
      state.currentTestId = undefined;
    }
    const coverage = structuredClone(state.mutantCoverage ?? { static: {}, perTest: {} });
    await this.#time();
    return { status: "complete", mutantCoverage: coverage, tests: this.#tests.map(resultOf) };
  }

  async mutantRun({ activeMutant, hitLimit, testFilter }) {
    const state = stryker();
    Object.assign(state, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    try {
      await this.#load();
      return await this.#judge(this.#judgesOf(activeMutant.fileName, testFilter), hitLimit);
    } catch (error) {
      return { status: "killed", killedBy: [], failureMessage: String(error), nrOfTests: 0 };
    } finally {
      state.activeMutant = undefined;
    }
  }

  /** Of those that reach it its area's own tests, and the campaign's runs. */
  #judgesOf(mutated, testFilter) {
    const area = /\/src\/([^/]+)\//.exec(mutated)?.[1];
    return this.#tests.filter(
      ({ name, file }) =>
        (testFilter === undefined || testFilter.includes(name)) &&
        (file === runsOf || file.startsWith(`test/${area}/`)),
    );
  }

  async #judge(asked, hitLimit) {
    let nrOfTests = 0;
    for (const test of asked.toSorted((left, right) => costOf(left) - costOf(right))) {
      nrOfTests += 1;
      const failure = await this.#failureOf(test, patienceMs + 4 * test.ms);
      if (failure === undefined) continue;
      test.finds += 1;
      if (failure === timedOut) return { status: "timeout", reason: `${test.name} waits` };
      if (stryker().hitCount > hitLimit) return { status: "timeout", reason: "it runs in a circle" };
      return { status: "killed", killedBy: [test.name], failureMessage: String(failure), nrOfTests };
    }
    return { status: "survived", nrOfTests };
  }

  /** Loads the tests, with the mutant on that may be: a new process begins with that of a module's evaluation. */
  async #load() {
    if (this.#tests !== undefined) return;
    registerTypeScript();
    registerHooks(`data:text/javascript,${encodeURIComponent(hooks)}`);
    const load = (file) => import(pathToFileURL(path.resolve(file)).href);
    await load("test/support/seed.ts");
    const { beginFile, tests } = await import(standIn);
    const listed = [];
    for (const folder of this.#areas.map((area) => `test/${area}`)) {
      for (const name of (await readdir(folder)).sort()) {
        if (!name.endsWith(".test.ts")) continue;
        const file = path.posix.join(folder, name);
        beginFile();
        await load(file);
        for (const { name: title, run } of tests.splice(0)) {
          const full = `${file} > ${title}`;
          if (!tooDear.some((begin) => full.startsWith(begin)))
            listed.push({ name: full, file, run, ms: 0, finds: 0 });
        }
      }
    }
    if (this.#areas.includes(campaign.area)) listed.push(...(await campaignTests()));
    const times = JSON.parse(await readFile(timesFile, "utf8").catch(() => "{}"));
    for (const test of listed) test.ms = times[test.name] ?? 0;
    this.#tests = listed;
  }

  /** How long each takes once everything is loaded and compiled. */
  async #time() {
    for (const test of this.#tests) {
      const start = performance.now();
      await this.#failureOf(test, 60_000);
      test.ms = performance.now() - start;
    }
    await writeFile(
      timesFile,
      JSON.stringify(Object.fromEntries(this.#tests.map(({ name, ms }) => [name, ms]))),
    );
  }

  async #failureOf({ run }, limitMs) {
    this.#stray = undefined;
    try {
      const running = run();
      if (typeof running?.then === "function") {
        if ((await within(running, limitMs)) === timedOut) return timedOut;
        // What goes wrong beside the test is heard a turn later.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      return error ?? "a failure without a value";
    }
    return this.#stray;
  }
}

/** What a test takes, for what it may find: one that has found many others is tried sooner. */
const costOf = ({ ms, finds }) => ms / (1 + finds);

/** Where the campaign's runs come from. */
const runsOf = "test/mutation/runs.ts";

/** Each run of the campaign as a test. */
async function campaignTests() {
  const file = runsOf;
  const { campaignRuns, judgeRun } = await import(pathToFileURL(path.resolve(file)).href);
  const kept = await readFile(runsFile, "utf8").catch(() => undefined);
  const runs = kept === undefined ? await drawn(campaignRuns) : JSON.parse(kept);
  return runs.map((run) => ({
    name: `${file} > ${run.name}`,
    file,
    run: () => judgeRun(run),
    ms: 0,
    finds: 0,
  }));
}

async function drawn(campaignRuns) {
  const state = stryker();
  // What only the drawing reaches is no part of loading a module.
  state.currentTestId = "drawing";
  const runs = await campaignRuns(campaign.seed, campaign.runs);
  state.currentTestId = undefined;
  delete state.mutantCoverage?.perTest.drawing;
  await writeFile(runsFile, JSON.stringify(runs));
  return runs;
}

const timedOut = Symbol("timed out");

async function within(running, limitMs) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(() => resolve(timedOut), limitMs);
  });
  try {
    return await Promise.race([running, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the changed sources look which mutant is on, and count what they reach. */
function stryker() {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
}

function resultOf({ name, file, ms, failure }) {
  const common = { id: name, name, fileName: path.resolve(file), timeSpentMs: ms };
  return failure === undefined
    ? { ...common, status: 0 }
    : { ...common, status: 1, failureMessage: String(failure) };
}

const createRunner = (options) => new InProcessRunner(options);
createRunner.inject = ["options"];

export const strykerPlugins = [{ kind: "TestRunner", name: "in-process", factory: createRunner }];
