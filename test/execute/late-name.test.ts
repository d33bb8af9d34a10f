/** Runs of an orchestrator that names a session only in the stream that answers its prompt. */
import { join } from "node:path";
import { dir } from "tmp-promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { HistoryEntry } from "../../harness/history.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import type { Subject } from "../../harness/subject/contract.ts";
import controller from "../../harness/subject/controller.ts";
import { makeCheckout } from "../subject/stand-in/checkout.ts";
import { Runs } from "../support/runs.ts";

let runs: Runs;
let subject: Subject;
/** The same, but it does not live through the death of its agent. */
let fragile: Subject;
let remove: () => Promise<void>;
beforeAll(async () => {
  const made = await dir({ unsafeCleanup: true, prefix: "holdfast-checkout-" });
  remove = made.cleanup;
  subject = controller({ checkout: await makeCheckout(join(made.path, "checkout")) });
  const dies = (source: string) =>
    source.replace('child.on("close", (exitCode) => {', "$& if (exitCode === null) process.exit(3);");
  fragile = controller({ checkout: await makeCheckout(join(made.path, "fragile"), dies) });
  runs = await Runs.open();
});
afterAll(async () => {
  await runs.close();
  await remove();
});

function killedAt(event: string): Plan {
  const call = { outcome: "append" as const, resultChars: 20, style: "ascii" as const };
  const script = { replies: [{ calls: [call], parallel: false }], finalText: "All done." };
  return {
    version: 1,
    mode: "lockstep",
    sessions: [{ storeLag: "ada", turns: [{ script }] }],
    clients: 1,
    rounds: [
      {
        at: { session: 0, event },
        position: "unsent",
        fault: { kind: "kill", target: "both" },
        orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 },
        damage: [],
      },
    ],
  };
}

function kinds(history: readonly HistoryEntry[]): string[] {
  const told = ["submit", "submitted", "unanswered", "fault", "found", "resume", "settled"];
  return history.map(({ kind }) => kind).filter((kind) => told.includes(kind));
}

it("killed before the name - nobody lists the session - the user submits again, and it comes to its end", async () => {
  const { record, assessment } = await runs.run(killedAt("start/out"), subject);
  expect(kinds(record.history)).toEqual(["submit", "fault", "unanswered", "submit", "submitted", "settled"]);
  expect(record.sessionIds).toEqual([expect.any(String)]);
  expect(assessment.counts).toBe(true);
});

it("killed once the agent has told the name - the name has come - the session is resumed under it", async () => {
  const { record, assessment } = await runs.run(killedAt("call:1/out"), subject);
  expect(kinds(record.history)).toEqual(["submit", "submitted", "fault", "resume", "settled"]);
  expect(assessment.defects.map(({ signature }) => signature)).toContain(
    "flag-iff-divergent/no-surface/restart",
  );
});

it("the result was shown, then both are killed - the finished call is done again - that is found", async () => {
  const plan = killedAt("result:1/out");
  const rounds = plan.rounds.map((round) => ({ ...round, position: "shown" as const }));
  const { assessment } = await runs.run({ ...plan, rounds }, subject);
  expect(assessment.defects.map(({ signature }) => signature)).toContain(
    "finished-call-not-repeated/finished-repeated/resume",
  );
});

it("the agent is killed and the server ends by itself - that is the server's failure, not the machine's", async () => {
  const plan = killedAt("call:1/out");
  const rounds = plan.rounds.map((round) => ({
    ...round,
    fault: { kind: "kill", target: "agent" } as const,
  }));
  const { assessment, record } = await runs.run({ ...plan, rounds }, fragile);
  expect(record.infra).toBeUndefined();
  expect(assessment.defects.map(({ signature }) => signature)).toContain(
    "settles/server-ended-by-itself/settled",
  );
});
