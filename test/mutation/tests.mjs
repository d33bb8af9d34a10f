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

const groups = [];

export function describe(name, body) {
  groups.push(name);
  body();
  groups.pop();
}

export function it(name, run) {
  tests.push({ name: [...groups, name].join(" > "), run });
}

it.each = (rows) => (name, run) => {
  for (const [index, row] of rows.entries())
    it(`${name} #${index}`, () => run(...(Array.isArray(row) ? row : [row])));
};

export const test = it;
