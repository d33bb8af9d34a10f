/**
 * The same answer again is the same, also when the agent that asked is gone.
 */
import { expect, it } from "vitest";
import { approve } from "../../src/session/approve.ts";
import { at, begun, type Draft, ended, id, runEnded } from "./drafts.ts";
import { left, sessionOf } from "./machine.ts";

const yes: Draft = [
  "approval",
  {
    sessionId: id,
    attempt: 1,
    requestId: "7",
    callId: "c1",
    optionId: "yes",
    allows: true,
    who: "me",
    atMs: 1,
    at: at(1, 0, 1_000_001),
  },
];

it("by the agent's own word for it, or by what it allows", async () => {
  const machine = await left([...begun, yes, ended(1), runEnded(1)], { spool: "" });
  const life = await machine.recovered();
  const answers: string[] = [];
  for (const option of ["yes", true, "no", false]) {
    const given = await approve(life.context, sessionOf(life), { requestId: "7", option, who: "me" });
    answers.push(given.as);
  }
  expect(answers).toEqual(["recorded", "recorded", "answered-otherwise", "answered-otherwise"]);
  await life.close();
});
