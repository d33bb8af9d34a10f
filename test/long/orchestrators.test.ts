/**
 * The real orchestrators, where checkouts of them are at hand: HOLDFAST_CHECKOUT_CODING_ORCHESTRATOR and
 * HOLDFAST_CHECKOUT_CONTROLLER name them. Where they are not, the tests are skipped and say which variable they lack.
 *
 * The first plans of a campaign must show the failures that these servers are known for.
 */

import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { dir } from "tmp-promise";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const known = [
  "cut-never-looks-finished/cut-told-like-finished/restart",
  "finished-call-not-repeated/finished-repeated/resume",
  "no-orphan-unseen/orphan-unseen/restart",
  "single-driver/two-agents-at-once/resume",
];

describe.each(["coding-orchestrator", "controller"])("%s", (subject) => {
  const variable = `HOLDFAST_CHECKOUT_${subject.toUpperCase().replace("-", "_")}`;
  const checkout = process.env[variable];
  const name = `shows what it is known for${checkout === undefined ? ` (needs ${variable})` : ""}`;

  it.skipIf(checkout === undefined)(
    name,
    async () => {
      const { path: out, cleanup } = await dir({ unsafeCleanup: true });
      try {
        const args = [
          "--import",
          "tsx",
          "harness/cli.ts",
          "--subject",
          subject,
          "--checkout",
          checkout ?? "",
        ];
        const options = ["--seed", "1", "--runs", "24", "--reporter", "json", "--out", out];
        const { stdout, exitCode } = await execa(process.execPath, [...args, ...options], {
          cwd: root,
          reject: false,
        });
        const { defects }: { defects: { signature: string }[] } = JSON.parse(stdout);
        expect(exitCode).toBe(1);
        expect(defects.map(({ signature }) => signature)).toEqual(expect.arrayContaining(known));
      } finally {
        await cleanup();
      }
    },
    1_800_000,
  );
});
