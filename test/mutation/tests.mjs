/**
 * Stands in for vitest where mutants are judged: `it`, `test` and `describe` list the tests, `expect` is vitest's own.
 *
 * Always: what a test file imports from "vitest" is here, or its import fails.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = (value, message) => chai.expect(value, message);
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
expect.getState = () => getState(expect);
expect.setState = (state) => setState(state, expect);
globalThis[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);

/** Every test so far: its name with that of its groups, and what it does. */
export const tests = [];

/** What runs around the tests of the file, and within of each group that is being listed. */
let scopes = [newScope("")];

function newScope(name) {
  return { name, before: [], after: [] };
}

/** Forgets what runs around the tests of the file before. */
export function beginFile() {
  scopes = [newScope("")];
}

export const beforeEach = (hook) => void scopes.at(-1).before.push(hook);
export const afterEach = (hook) => void scopes.at(-1).after.unshift(hook);

export function describe(name, body) {
  scopes.push(newScope(name));
  body();
  scopes.pop();
}

export function it(name, run) {
  const around = [...scopes];
  const full = [...around.slice(1).map((scope) => scope.name), name].join(" > ");
  const isBare = () => around.every(({ before, after }) => before.length + after.length === 0);
  tests.push({ name: full, run: () => (isBare() ? run() : within(around, run)) });
}

/** The outermost is first before a test and last after it, also after one that fails. */
async function within(around, run) {
  try {
    for (const { before } of around) for (const hook of before) await hook();
    await run();
  } finally {
    for (const { after } of around.toReversed()) for (const hook of after) await hook();
  }
}

it.each = (rows) => (name, run) => {
  for (const [index, row] of rows.entries())
    it(`${name} #${index}`, () => run(...(Array.isArray(row) ? row : [row])));
};

export const test = it;
