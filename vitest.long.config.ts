import { defineConfig } from "vitest/config";

// What takes too long for every change: one file at a time, so that each has the machine for itself.
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    testTimeout: 3_600_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
