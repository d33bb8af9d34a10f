import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What draws many cases comes last: most mutants do not live to see it. */
const dearest = /(damage|record|lines|crc32|take-over|failed-sync|disk|spool|healing|properties)\.test\.ts$/;

class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification) => Number(dearest.test(moduleId));
    return files.toSorted((left, right) => cost(left) - cost(right));
  }
}

// What judges the automatic mutants: the tests of the code that is mutated, and nothing that starts a process.
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/{reconcile,journal}/**/*.test.ts"],
    setupFiles: ["test/support/seed.ts"],
    testTimeout: 20_000,
    isolate: false,
    sequence: { sequencer: CheapFirst },
  },
});
