/**
 * What counting costs: CPU time of the servers of one scenario, uncounted, under the preload, under the shim, in turn.
 *
 *     node --import tsx bench/boundary-overhead.ts [ROUNDS]
 *
 * CPU time and not the clock's, since other work on the machine moves the latter; the kinds take turns, so that what
 * moves both moves all.
 */
import { withPool } from "../harness/campaign/with-pool.ts";
import type { Plan } from "../harness/plan/plan.ts";
import reference from "../harness/subject/reference.ts";
import scenario from "../scenarios/interrupted-after-tool-result.ts";

const rounds = Number(process.argv[2] ?? 10);
const kinds: Readonly<Record<string, Plan>> = {
  uncounted: scenario.plan,
  preload: { ...scenario.plan, boundaries: { by: "preload", ends: [] } },
  shim: { ...scenario.plan, boundaries: { by: "shim", ends: [] } },
};
const spent = new Map<string, number[]>(Object.keys(kinds).map((kind) => [kind, []]));

await withPool({ workers: 1, subject: reference, counter: "shim" }, async (pool) => {
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, plan] of Object.entries(kinds)) {
      const outcome = await pool.run({
        id: round,
        subject: "reference",
        plan,
        times: "once",
        origin: "bench",
      });
      if ("failed" in outcome) throw new Error(outcome.failed);
      const { servers } = outcome.spent.cpuMs;
      if (outcome.verdict !== "pass")
        console.log(
          `${kind}: ${outcome.defects.map(({ signature, story }) => `${signature}: ${story}`).join("; ")}`,
        );
      if (servers !== undefined) spent.get(kind)?.push(servers);
    }
  }
});

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const base = median(spent.get("uncounted") ?? []);
console.log("CPU of the servers of one run (two lives), median:");
for (const [kind, values] of spent)
  console.log(
    `  ${kind.padEnd(10)} ${median(values).toFixed(0).padStart(5)} ms  ${(((median(values) - base) / base) * 100).toFixed(0).padStart(4)} %  (${values.length} runs)`,
  );
