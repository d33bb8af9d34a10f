/**
 * A yes that the journal has lost without a trace is known from its copy.
 */
import { expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { approve } from "../../src/session/approve.ts";
import type { Life } from "../../src/session/life.ts";
import { settle } from "../../src/session/settle.ts";
import { lines, opened } from "./asking.ts";
import { at, type Draft, home, id } from "./drafts.ts";
import { living, type Machine, recorded, sessionOf, settled } from "./machine.ts";

const said = (key: string): Draft => ["said", { sessionId: id, attempt: 1, key, when: "after" }];
const spokenWith: readonly Draft[] = [...opened, ...["initialize", "session", "prompt"].map(said)];

const segment = (generation: number) => `${home}/journal/0000000${generation}.journal`;
const answersOf = (machine: Machine) =>
  [...machine.files.nodes.keys()].filter((path) => path.startsWith(`${machine.attempt(1)}/answer-`));

/** An agent that asks whether it may make its call, and is told that it may. */
async function allowed() {
  const machine = await living(spokenWith, lines);
  const life = await machine.recovered();
  await settled();
  const copies: string[][] = [];
  const { input } = machine.world.agents;
  machine.world.agents.input = (folder, bytes) => {
    copies.push(answersOf(machine));
    return input(folder, bytes);
  };
  const given = await approve(life.context, sessionOf(life), { requestId: "7", option: true, who: "me" });
  expect(given.as).toBe("recorded");
  await settled();
  await life.close();
  return { machine, copies };
}

/** Everything from the yes on is gone from the journal, which ends with a whole record. */
function loseYes(machine: Machine): void {
  const records = Buffer.from(machine.files.bytes(segment(2)))
    .toString()
    .split("\n");
  const at = records.findIndex((record) => record.includes('"approval"'));
  expect(at).toBeGreaterThan(0);
  machine.files.put(segment(2), Buffer.from(`${records.slice(0, at).join("\n")}\n`));
}

/** The agent is gone; what becomes of the call. */
async function effects(machine: Machine): Promise<{ life: Life; effects: unknown }> {
  machine.running.clear();
  machine.held.clear();
  machine.put(`${machine.attempt(1)}/exit`, "1\n");
  const life = await machine.recovered();
  const { verdict } = await settle(life.context, sessionOf(life));
  return { life, effects: verdict.calls.map((call) => [call.id, call.effect]) };
}

it("it is beside the spool before the agent hears of it, and comes back into its place, once", async () => {
  const { machine, copies } = await allowed();
  expect(copies).toEqual([[`${machine.attempt(1)}/answer-37`]]);
  const before = await recorded(machine, "approval");
  loseYes(machine);
  const { life, effects: found } = await effects(machine);
  expect(found).toEqual([["c1", "unknown"]]);
  expect(await recorded(machine, "approval", 3)).toEqual(before);
  expect(await recorded(machine, "restored", 3)).toMatchObject([{ path: `${machine.attempt(1)}/answer-37` }]);
  await life.close();
  await (await machine.recovered()).close();
  expect(await recorded(machine, "approval", 4)).toEqual([]);
});

it("of two requests with long names each has a copy of its own", async () => {
  const names = ["a", "b"].map((end) => `${"x".repeat(60)}${end}`);
  const yes = (requestId: string): Draft => [
    "approval",
    {
      sessionId: id,
      attempt: 1,
      requestId,
      callId: "c1",
      optionId: "yes",
      allows: true,
      who: "me",
      atMs: 1,
      at: at(1, 999),
    },
  ];
  const asks = names.map(
    (requestId) => lines.at(-1)?.replace('"id":7', `"id":${JSON.stringify(requestId)}`) ?? "",
  );
  const machine = await living(
    [
      ...opened.slice(0, -1),
      ...["initialize", "session", "prompt"].map(said),
      ...names.map((name) => yes(JSON.stringify(name))),
    ],
    [...lines, ...asks],
  );
  const life = await machine.recovered();
  await settled();
  expect(sessionOf(life).attempts[0]?.approvals).toHaveLength(2);
  expect(answersOf(machine)).toHaveLength(2);
  expect(new Set(answersOf(machine)).size).toBe(2);
  await life.close();
});

it("a copy that is torn, of another attempt or no answer is none", async () => {
  const { machine } = await allowed();
  const [path = ""] = answersOf(machine);
  const good = Buffer.from(machine.files.bytes(path)).toString();
  loseYes(machine);
  machine.files.nodes.delete(path);
  machine.put(path, good.slice(0, -9));
  machine.put(`${path}38`, good.replace('"attempt":1', '"attempt":2'));
  machine.put(`${path}39`, "{}");
  machine.put(`${machine.attempt(1)}/answer-x`, good);
  const { life, effects: found } = await effects(machine);
  expect(found).toEqual([["c1", "not-started"]]);
  await life.close();
});

it("a disk that does not take the copy keeps no agent waiting: the journal has the yes", async () => {
  const machine = await living(spokenWith, lines);
  const life = await machine.recovered();
  await settled();
  machine.files.hook = (call, path) => {
    if (call === "create" && path.includes("/answer-")) throw new IoError("ENOSPC", path, "create");
  };
  await approve(life.context, sessionOf(life), { requestId: "7", option: true, who: "me" });
  await settled();
  expect(machine.inputs).toHaveLength(1);
  expect(machine.reports).toEqual([
    expect.stringContaining("is in the journal alone: create failed with ENOSPC"),
  ]);
  await life.close();
});
