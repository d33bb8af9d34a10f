import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// What judges the automatic mutants: the tests of the code that is mutated, and nothing that starts a process.
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/{reconcile,journal}/**/*.test.ts"],
    setupFiles: ["test/support/seed.ts"],
    testTimeout: 20_000,
  },
});
