/**
 * A cut says what every source says of a session now, and where it was read.
 */
import { describe, expect, it } from "vitest";
import { gatherEvidence } from "../../src/session/evidence.ts";
import type { Life } from "../../src/session/life.ts";
import {
  agent,
  asked,
  at,
  cover,
  type Draft,
  dispatch,
  ended,
  half,
  home,
  id,
  identity,
  named,
  over,
  project,
  run,
  runEnded,
  said,
  session,
  text,
  whole,
} from "./drafts.ts";
import { type Machine, says, sessionOf, settled, spoken } from "./machine.ts";

describe("a cut", () => {
  /** The agent of attempt 1 is through, or has said these lines. */
  const left = (drafts: readonly Draft[], lines: readonly string[] = whole) => spoken(drafts, lines);

  const cut = (life: Life, which: "gone" | "living" = "gone") =>
    gatherEvidence(life.context, sessionOf(life), which);

  it("says what was on record and where it was read", async () => {
    const machine = await left(over);
    const life = await machine.recovered();
    await settled();
    const evidence = await cut(life);
    const path = `${machine.attempt(1)}/spool`;
    expect(evidence).toMatchObject({
      schema: 1,
      session: { id, agent: "ada", gated: false },
      attempts: [
        {
          attempt: 1,
          runId: "r1",
          prompt: "do r1",
          started: "yes",
          liveness: "dead",
          bootChanged: false,
          processCite: { source: "P", attempt: 1, value: "it ended" },
          ended: { exitCode: 0 },
        },
      ],
      decisions: [],
      probes: [],
      bootChanged: false,
      resumesFrom: "snapshot",
    });
    expect(evidence).not.toHaveProperty("approvals");
    expect(evidence.sources.map(({ source, status }) => `${source} ${status}`)).toEqual([
      "O read",
      "L missing",
      "S missing",
    ]);
    const [spool] = evidence.sources;
    expect(spool).toMatchObject({ path, damage: [] });
    expect(
      spool?.facts.map(({ body, range, k, attempt, source }) => [body.kind, range, k, attempt, source]),
    ).toEqual(
      ["session", "call", "result", "turn-end"].map((kind, index) => [
        kind,
        {
          fromByte: text(...whole.slice(0, index)).length,
          toByte: text(...whole.slice(0, index + 1)).length,
        },
        0,
        1,
        "O",
      ]),
    );
    expect(machine.files.opened).toBe(0);
    await life.close();
  });

  it("says what is damaged, neighbours as one", async () => {
    const bytes = text(...whole);
    const ends = whole.map((_, index) => text(...whole.slice(0, index + 1)).length);
    const [first = 0, second = 0, third = 0, all = 0] = ends;
    const path = (machine: Machine) => `${machine.attempt(1)}/spool`;
    const bend = (content: string, ...places: number[]) =>
      [...content].map((one, index) => (places.includes(index) ? "#" : one)).join("");
    const damage = async (content: string | undefined, drafts: readonly Draft[] = over) => {
      const machine = await left(drafts);
      if (content === undefined) machine.files.nodes.delete(path(machine));
      else machine.put(path(machine), content);
      const life = await machine.recovered();
      await settled();
      const { sources } = await cut(life);
      await life.close();
      expect(machine.files.opened).toBe(0);
      const spool = sources.find(({ source }) => source === "O");
      return {
        status: spool?.status,
        kinds: spool?.facts.map(({ body }) => body.kind),
        damage: spool?.damage.map(({ code, range, detail }) => [code, range.fromByte, range.toByte, detail]),
      };
    };
    expect(await damage(bytes.slice(0, second))).toEqual({
      status: "read",
      kinds: ["session", "call"],
      damage: [["truncated", second, all, `${all - second} bytes that were recorded as synced are missing.`]],
    });
    const altered = "These bytes are not those that were synced: their CRC-32 differs.";
    expect(await damage(bend(bytes, first + 3))).toEqual({
      status: "read",
      kinds: ["session", "result", "turn-end"],
      damage: [["checksum", first, second, altered]],
    });
    expect(await damage(bend(bytes, first + 3, second + 3))).toEqual({
      status: "read",
      kinds: ["session", "turn-end"],
      damage: [
        [
          "checksum",
          first,
          third,
          `${third - first} bytes are not those that were synced: their CRC-32s differ.`,
        ],
      ],
    });
    expect(await damage(bend(bytes, first + 3, third + 3))).toMatchObject({
      damage: [
        ["checksum", first, second, altered],
        ["checksum", third, all, altered],
      ],
    });
    expect((await damage(bend(bytes, third - 4).slice(0, third))).damage).toEqual([
      ["checksum", second, third, altered],
      ["truncated", third, all, `${all - third} bytes that were recorded as synced are missing.`],
    ]);
    expect(await damage(`${bytes}half`)).toMatchObject({
      kinds: ["session", "call", "result", "turn-end"],
      damage: [
        [
          "torn-tail",
          all,
          all + 4,
          "4 bytes at the end are no complete line; the agent was gone before it wrote the rest.",
        ],
      ],
    });
    expect(await damage(undefined)).toMatchObject({
      status: "missing",
      kinds: [],
      damage: [["truncated", 0, all, `${all} bytes that were recorded as synced are missing.`]],
    });
    expect(
      await damage(undefined, [...asked, ended(1, { started: "no" }), runEnded(1, "r1", "interrupted")]),
    ).toEqual({
      status: "read",
      kinds: [],
      damage: [],
    });
  });

  it("cites the file where the stream was shifted", async () => {
    const machine = await left([...asked, agent(1, 50), cover(1, half)], [said.name]);
    machine.running.set(50, identity(50));
    const life = await machine.recovered();
    await settled();
    says(machine, `${said.result("c1")}\n`);
    await settled();
    const [spool] = (await cut(life, "living")).sources.filter(({ source }) => source === "O");
    const byFile = spool?.facts.map(({ body, range }) => [body.kind, range.fromByte, range.toByte]);
    const fromByte = said.name.length + 1;
    expect(byFile).toEqual([
      ["session", 0, fromByte],
      ["result", fromByte, fromByte + said.result("c1").length + 1],
    ]);
    // In their place are other bytes now.
    expect(spool?.damage.map(({ code, range }) => [code, range.fromByte])).toEqual([["checksum", fromByte]]);
    await life.close();
  });

  it("says of pipes that what came through them was written behind the fact", async () => {
    const drafts = [
      ...asked.slice(0, 3),
      dispatch(1, "r1", { over: "pipes" }),
      agent(1, 50),
      ...over.slice(5),
    ];
    const life = await (await left(drafts)).recovered();
    await settled();
    const [piped] = (await cut(life)).sources;
    expect(Object.values(piped?.abilities ?? {}).map(({ order }) => order)).not.toContain("write-ahead");
    expect(piped?.abilities.call).toEqual({ order: "write-behind", synced: false });
    await life.close();
    const plain = await (await left(over)).recovered();
    expect((await cut(plain)).sources[0]?.abilities.call).toEqual({ order: "write-ahead", synced: false });
    await plain.close();
  });

  it("holds what a person stopped with the last attempt of that run", async () => {
    const cancel = (runId: string): Draft => [
      "cancel",
      { sessionId: id, runId, attempt: 1, who: "me", why: "stop", at: at(1, 0, 1_000_005) },
    ];
    const drafts = [...over, dispatch(2), ended(2), run("r2"), dispatch(3, "r2"), ended(3), cancel("r1")];
    const life = await (await left([...drafts, runEnded(3, "r2")])).recovered();
    const { attempts } = await cut(life);
    expect(attempts.map(({ attempt, cancelled }) => [attempt, cancelled?.source])).toEqual([
      [1, undefined],
      [2, "J"],
      [3, undefined],
    ]);
    await life.close();
  });

  it("holds what a person stopped of a later run with that run alone", async () => {
    const cancel: Draft = [
      "cancel",
      { sessionId: id, runId: "r2", attempt: 2, who: "me", why: "stop", at: at(2, 0, 1_000_005) },
    ];
    const drafts = [...over, run("r2"), dispatch(2, "r2"), ended(2), cancel, runEnded(2, "r2")];
    const life = await (await left(drafts)).recovered();
    const { attempts } = await cut(life);
    expect(attempts.map(({ cancelled }) => cancelled?.source)).toEqual([undefined, "J"]);
    await life.close();
  });

  it("knows which boot an attempt was started in, and whether it was", async () => {
    const drafts = [
      ...asked.slice(0, 3),
      dispatch(1, "r1", { bootId: "earlier" }),
      ended(1, { exitCode: null }),
      dispatch(2),
      ended(2, { started: "no", exitCode: null }),
      dispatch(3, "r1", { bootId: "earlier" }),
      ended(3, { started: "unknown", exitCode: null }),
      runEnded(3),
    ];
    const life = await (await left(drafts, [])).recovered();
    const evidence = await cut(life);
    expect(evidence.bootChanged).toBe(true);
    const known = evidence.attempts.map((one) => [one.started, one.bootChanged, one.ended?.exitCode]);
    expect(known).toEqual([
      ["yes", true, null],
      ["no", false, undefined],
      ["unknown", true, null],
    ]);
    await life.close();
  });

  it("makes no path of a name that is none of the agent's", async () => {
    const drafts = [...asked, agent(1, 50), cover(1, whole), named(1, "../../etc"), ended(1), runEnded(1)];
    const life = await (await left(drafts)).recovered();
    expect((await cut(life)).sources.map(({ source }) => source)).toEqual(["O"]);
    await life.close();
  });

  it("says what the journal has lost", async () => {
    const drafts: Draft[] = [...over, ["restored", { sessionId: id, attempt: 1, path: "/copy" }]];
    const machine = await left(drafts);
    const life = await machine.recovered();
    expect((await cut(life)).sources[0]).toEqual({
      source: "J",
      path: `${home}/journal`,
      status: "read",
      abilities: {},
      facts: [],
      damage: [
        {
          code: "truncated",
          path: `${home}/journal`,
          range: { fromByte: 0, toByte: 0 },
          detail:
            "The journal no longer held attempt 1 of this session, or all of it; it was restored from /copy.",
        },
      ],
    });
    // Where the damage itself is known, that is said.
    life.context.journalDamage.set(id, [
      { code: "checksum", path: "/j", range: { fromByte: 1, toByte: 2 }, detail: "so" },
    ]);
    expect((await cut(life)).sources[0]?.damage.map(({ path }) => path)).toEqual(["/j"]);
    await life.close();
  });

  it("holds approvals of agents that are asked, those that allow", async () => {
    const approval = (requestId: string, allows: boolean): Draft => [
      "approval",
      {
        sessionId: id,
        attempt: 1,
        requestId,
        callId: `c${requestId}`,
        optionId: "o",
        allows,
        who: "me",
        atMs: 1,
        at: at(1, 0, 1_000_006),
      },
    ];
    const drafts: Draft[] = [
      project,
      session({ agent: "acp" }),
      run(),
      dispatch(1),
      agent(1, 50),
      approval("1", true),
      approval("2", false),
      ended(1),
      runEnded(1),
    ];
    const life = await (await left(drafts, [])).recovered();
    await settled();
    expect((await cut(life)).approvals).toMatchObject([{ callId: "c1", attempt: 1, cite: { source: "J" } }]);
    await life.close();
  });
});
