/**
 * What this version cannot take, of an agent or of another version, is told and harms nobody.
 */
import { expect, it } from "vitest";
import { makeShell } from "../../src/orchestrator/http.ts";
import { detailOf } from "../../src/session/view.ts";
import { asked, type Draft, dispatch, run, said, session, text, whole } from "./drafts.ts";
import { left, sessionOf } from "./machine.ts";

const other = "00000000000000bb";

it("a line that is nested too deep, or joined too often, is unreadable, and its neighbours are as they were", async () => {
  const deep = said
    .call("c0")
    .replace('{"command":"make"}', `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`);
  const joined = '{"a":1}'.repeat(200_000);
  const spool = text(said.name, deep, joined, ...whole.slice(1));
  const machine = await left(asked, { spool, exit: "0\n" });
  const life = await machine.recovered({ spoolBytesMax: 10_000_000 });
  expect(machine.reports).toEqual([]);
  const told = await detailOf(life.context, sessionOf(life), false);
  expect(told.history.filter(({ type }) => type === "unreadable")).toHaveLength(2);
  expect(told.calls.map((call) => [call.id, call.effect])).toEqual([["c1", "done"]]);
  expect(sessionOf(life).runs).toMatchObject([{ state: "completed" }]);
  await life.close();
});

it("a session of an agent that only another version knows harms no other", async () => {
  const machine = await left(asked, { spool: text(...whole), exit: "0\n" });
  const foreign: readonly Draft[] = [session({ agent: "of-tomorrow" }), run(), dispatch(1)];
  await machine.left(foreign.map(([type, data]): Draft => [type, { ...data, sessionId: other }]));
  const life = await machine.recovered();
  expect(machine.over).toEqual([]);
  expect(machine.reports).toEqual([expect.stringContaining('knows no agent "of-tomorrow"')]);
  expect(life.context.lives.get(other)?.trouble).toContain("of-tomorrow");
  const site = { token: () => "t", life: () => life, isReady: () => true, pid: 1 };
  const { handle } = makeShell(site);
  const get = async (target: string) => {
    const { status, body } = await handle({ method: "GET", target, headers: new Map(), body: [] });
    return { status, body: String(body) };
  };
  expect(await get("/api/sessions")).toMatchObject({ status: 200, body: expect.stringContaining(other) });
  const { status, body } = await get(`/api/sessions/${other}`);
  expect([status, body]).toEqual([409, expect.stringContaining("Use the version that made it.")]);
  expect(sessionOf(life).runs).toMatchObject([{ state: "completed" }]);
  await life.close();
});
