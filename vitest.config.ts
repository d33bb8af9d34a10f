import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest begins first, so that no core is without work at the end while one of these goes on. */
const longest = [
  "test/mutants/mutants.test.ts",
  "test/cli/chaos.test.ts",
  "test/memory/mutants.test.ts",
  "test/campaign/hygiene.test.ts",
  "test/memory/execute.test.ts",
  "test/scenarios/scenarios.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((file) => moduleId.endsWith(file));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).toSorted((left, right) => rank(left) - rank(right));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/long/**", "node_modules/**"],
    setupFiles: ["test/support/seed.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // By itself vitest leaves one of two cores alone; most of these tests wait for processes most of the time.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
