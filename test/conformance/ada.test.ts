import { expect, test } from "vitest";
import { ada } from "../../src/agent/ada.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { adaFixtures } from "./ada.ts";
import { conformance } from "./conformance.ts";
import { diskFiles } from "./memory.ts";

conformance(ada, adaFixtures);

test("ada: what was done twice is said", async () => {
  const whole = adaFixtures.find(({ name }) => name === "whole");
  if (whole === undefined) throw new Error("no such fixture");
  const sources = await ada.readStore(diskFiles(whole.disk), whole.cwd, whole.sessionId);
  const { findings } = reconcile({
    schema: 1,
    session: { id: whole.sessionId, agent: "ada", gated: false },
    attempts: [],
    sources,
    decisions: [],
    probes: [],
    bootChanged: false,
    resumesFrom: "snapshot",
  });
  const said = findings.filter(({ code }) => code === "superseded").map(({ summary }) => summary);
  expect(said).toHaveLength(2);
  expect(said[0]).toContain("call_3. It was done before: the effect is there twice");
  expect(said[1]).toContain("call_4. Its effect may be there twice");
});
