/**
 * An attempt is followed from its spool into the record until it is over, and what every source says of it is gathered.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { lifeOf } from "../../src/session/context.ts";
import { gatherEvidence } from "../../src/session/evidence.ts";
import { Follower } from "../../src/session/follow.ts";
import type { Life } from "../../src/session/life.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  agentSession,
  at,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  home,
  id,
  identity,
  Machine,
  named,
  project,
  run,
  runEnded,
  said,
  session,
  sessionOf,
  settled,
  text,
} from "./machine.ts";

const asked: readonly Draft[] = [project, session(), run(), dispatch(1)];
const half = [said.name, said.call("c1")];
const whole = [...half, said.result("c1"), said.done];

/** An agent lives that has said this; `pid`: its wrapper has noted who it is. */
async function living(
  drafts: readonly Draft[] = asked,
  lines: readonly string[] = [said.name],
  { pid = true, started = true } = {},
) {
  const machine = new Machine();
  await machine.left(drafts);
  const folder = machine.attempt(1);
  machine.put(`${folder}/spool`, text(...lines));
  if (started) machine.put(`${folder}/started`, "49 490\n");
  if (pid) machine.put(`${folder}/pid`, "50 500\n");
  machine.running.set(49, identity(49));
  machine.running.set(50, identity(50));
  machine.held.add(folder);
  return machine;
}

const of = async (machine: Machine, wanted: string, generation = 2) =>
  (await machine.records(generation)).filter(([type]) => type === wanted).map(([, data]) => data);

function says(machine: Machine, words: string, name: string | undefined = "spool", attempt = 1) {
  machine.files.appendTo(`${machine.attempt(attempt)}/spool`, bytesOf(words));
  machine.files.watched.get(machine.attempt(attempt))?.(name);
}

const ends = (machine: Machine, exit = "0\n") => {
  machine.put(`${machine.attempt(1)}/exit`, exit);
  machine.files.watched.get(machine.attempt(1))?.("exit");
};

describe("a line", () => {
  it("is on record with its checksum when it is synced, once it is whole", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    const spool = `${machine.attempt(1)}/spool`;
    machine.files.calls.length = 0;
    const line = `${said.call("c1")}\n`;
    says(machine, line.slice(0, 9));
    await settled();
    expect(await of(machine, "cover")).toHaveLength(1);
    says(machine, line.slice(9));
    await settled();
    const fromByte = said.name.length + 1;
    expect((await of(machine, "cover")).slice(1)).toEqual([
      { sessionId: id, attempt: 1, fromByte, ends: [fromByte + line.length], crcs: [crc32(bytesOf(line))] },
    ]);
    expect(machine.files.calls).toContain(`read-sync ${spool}`);
    await life.close();
  });

  it("of a known agent alone is looked at when the spool has changed", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    machine.files.calls.length = 0;
    says(machine, `${said.call("c1")}\n`);
    await settled();
    expect(machine.files.calls.filter((call) => call === `open ${machine.attempt(1)}/exit`)).toEqual([]);
    says(machine, "", "stderr");
    await settled();
    expect(machine.files.calls.filter((call) => call === `open ${machine.attempt(1)}/exit`)).toHaveLength(1);
    says(machine, "", undefined);
    await settled();
    await life.close();
  });

  it("that names the agent's session puts that on record first, once", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    says(machine, `${said.name}\n`);
    await settled();
    const types = (await machine.records(2)).map(([type]) => type);
    expect(types.filter((type) => type === "agent-session" || type === "cover")).toEqual([
      "agent-session",
      "cover",
      "cover",
    ]);
    expect(await of(machine, "agent-session")).toEqual([
      { sessionId: id, attempt: 1, agentSessionId: agentSession },
    ]);
    await life.close();
  });

  it("names nothing where that name is on record, is no name, or another came first", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const name = (sessionId: string) => JSON.stringify({ type: "run.started", sessionId });
    for (const [drafts, lines, found] of [
      [[...asked, named(1)], [said.name], []],
      [[...asked, named(1, other)], [said.name], [agentSession]],
      [asked, [name("../../x"), name(other)], [other]],
      [asked, [name(other), said.name], [other]],
      [asked, [said.call("c1")], []],
    ] as const) {
      const machine = await living(drafts, lines);
      await (await machine.recovered()).close();
      expect((await of(machine, "agent-session")).map((data) => data.agentSessionId)).toEqual(found);
    }
  });

  it("of an earlier attempt takes no later name away", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await living([...asked, dispatch(2), named(2, other), ended(2), runEnded(2)], half);
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    machine.running.delete(50);
    const life = await machine.recovered();
    expect(await of(machine, "agent-session")).toEqual([]);
    expect(sessionOf(life).agentSessionId).toBe(other);
    await life.close();
    // Without a later name it is the only one.
    const nameless = await living([...asked, dispatch(2), ended(2), runEnded(2)], half);
    nameless.put(`${nameless.attempt(1)}/exit`, "0\n");
    nameless.running.delete(50);
    await (await nameless.recovered()).close();
    expect((await of(nameless, "agent-session")).map((data) => data.agentSessionId)).toEqual([agentSession]);
  });

  it("that cannot be synced is not on record, and ends this life", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    machine.files.hook = (call, path) => {
      if (call === "read-sync" || call === "renew") throw new IoError("EIO", path, "fdatasync");
    };
    says(machine, `${said.call("c1")}\n`);
    await settled();
    expect(machine.over).toHaveLength(1);
    expect(machine.over[0]).toContain(`fdatasync failed with EIO on ${machine.attempt(1)}/spool`);
    expect(machine.reports).toEqual([]);
    await life.close();
  });

  it("is read in pieces where there are many, all of them", async () => {
    const long = said.call("c1", "x".repeat(300_000));
    const lines = [said.name, ...Array.from({ length: 16 }, () => long)];
    const machine = await living(asked, lines);
    const life = await machine.recovered({ spoolBytesMax: 100_000_000 });
    await settled();
    const covers = await of(machine, "cover");
    expect(covers.length).toBeGreaterThan(1);
    expect(sessionOf(life).attempts[0]?.covers.ends.at(-1)).toBe(text(...lines).length);
    await life.close();
  });
});

describe("what is on record of a spool", () => {
  it("is written anew by who takes it over, from its last cover on, and nothing is read before that", async () => {
    const renewed = async (drafts: readonly Draft[], lines: readonly string[]) => {
      const machine = await living([...asked, agent(1, 50), ...drafts], lines);
      machine.files.calls.length = 0;
      await (await machine.recovered()).close();
      const path = `${machine.attempt(1)}/spool`;
      const found = machine.files.calls.filter((call) => call.startsWith(`renew ${path} `));
      return found.map((call) => Number(call.split(" ").at(-1)));
    };
    const fromByte = text(...half).length;
    const [type, data] = cover(1, [said.result("c1")]);
    const second: Draft = [type, { ...data, fromByte, ends: [fromByte + text(said.result("c1")).length] }];
    expect(await renewed([], [])).toEqual([0]);
    expect(await renewed([cover(1, half)], half)).toEqual([0]);
    expect(await renewed([cover(1, half), second], whole.slice(0, 3))).toEqual([fromByte]);
    // Where it was cut nobody knows what stands where.
    expect(await renewed([cover(1, half), second], half)).toEqual([0]);
  });

  it("goes on behind what is left of it where it was cut under a living agent", async () => {
    const machine = await living([...asked, agent(1, 50), cover(1, half)], [said.name]);
    const life = await machine.recovered();
    await settled();
    const [atByte, fileByte] = [text(...half).length, said.name.length + 1];
    expect(await of(machine, "shift")).toEqual([{ sessionId: id, attempt: 1, atByte, fileByte }]);
    const line = `${said.result("c1")}\n`;
    says(machine, line);
    await settled();
    expect(await of(machine, "cover")).toEqual([
      {
        sessionId: id,
        attempt: 1,
        fromByte: atByte,
        ends: [atByte + line.length],
        crcs: [crc32(bytesOf(line))],
      },
    ]);
    await life.close();
    const next = await machine.recovered();
    expect(await of(machine, "shift", 3)).toEqual([]);
    await next.close();
  });
});

describe("an agent", () => {
  it("is put on record as soon as its wrapper has noted it", async () => {
    const machine = await living(asked, [said.name], { pid: false });
    const life = await machine.recovered();
    await settled();
    expect(await of(machine, "agent")).toEqual([]);
    machine.put(`${machine.attempt(1)}/pid`, "50 500\n");
    says(machine, "", "pid");
    await settled();
    expect(await of(machine, "agent")).toEqual([{ sessionId: id, attempt: 1, identity: identity(50) }]);
    says(machine, "", "pid");
    await settled();
    expect(await of(machine, "agent")).toHaveLength(1);
    await life.close();
  });

  it("is over with what its wrapper noted, when all that it said is on record", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    machine.files.appendTo(`${machine.attempt(1)}/spool`, bytesOf(`${text(...whole.slice(1))}half`));
    ends(machine, "7\n");
    await settled();
    const records = await machine.records(2);
    const wanted = records.filter(([type]) => type === "cover" || type === "ended");
    expect(wanted.map(([type]) => type)).toEqual(["cover", "cover", "ended"]);
    expect(wanted.at(-1)?.[1]).toEqual({
      sessionId: id,
      attempt: 1,
      exitCode: 7,
      started: "yes",
      seen: "the wrapper noted exit code 7",
      tailBytes: 4,
      at: { attempt: 1, byte: text(...whole).length, k: 1_000_000 },
      atMs: 1_000,
    });
    expect(machine.files.watched.size).toBe(0);
    expect(machine.gone.size).toBe(0);
    await life.close();
    expect(machine.files.opened).toBe(0);
  });

  it("whose wrapper is gone is asked for, once a second, until it is gone, too", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    const gone = machine.gone.get(machine.attempt(1));
    expect(gone).toBeDefined();
    gone?.();
    await settled();
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([1_000]);
    await machine.pass();
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([1_000]);
    machine.running.delete(50);
    await machine.pass();
    expect(await of(machine, "ended")).toMatchObject([
      { exitCode: null, started: "yes", seen: "pid 50 (start time 500) is not in the process table" },
    ]);
    expect(machine.timers).toEqual([]);
    await life.close();
  });

  it("is over as its wrapper says also where that comes with the last look", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    machine.running.delete(50);
    machine.gone.get(machine.attempt(1))?.();
    const { identify } = machine.world.processes;
    machine.world.processes.identify = async (pid) => {
      machine.put(`${machine.attempt(1)}/exit`, "3\n");
      return identify(pid);
    };
    await settled();
    expect(await of(machine, "ended")).toMatchObject([
      { exitCode: 3, seen: "the wrapper noted exit code 3" },
    ]);
    await life.close();
  });

  it("that its killed wrapper had not noted is known by its mark", async () => {
    const machine = await living(asked, [said.name], { pid: false });
    machine.kin = [{ identity: identity(50), by: "marker", args: ["ada"] }];
    const life = await machine.recovered();
    await settled();
    machine.running.delete(49);
    machine.gone.get(machine.attempt(1))?.();
    await settled();
    expect(await of(machine, "agent")).toEqual([{ sessionId: id, attempt: 1, identity: identity(50) }]);
    await life.close();
  });

  it("is watched by its wrapper from the moment it was started, once", async () => {
    const machine = await living(asked, [said.name], { started: false });
    const life = await machine.recovered();
    await settled();
    expect(machine.gone.size).toBe(0);
    machine.put(`${machine.attempt(1)}/started`, "49 490\n");
    says(machine, "", "started");
    await settled();
    expect(machine.gone.size).toBe(1);
    machine.gone.clear();
    says(machine, "", "started");
    await settled();
    expect(machine.gone.size).toBe(0);
    await life.close();
  });

  it("that said nothing and was never seen has not been started where its wrapper could not say that it began", async () => {
    for (const [started, bootId, found] of [
      ["", "boot", "no"],
      ["", "earlier", "unknown"],
      ["49 490\n", "boot", "unknown"],
    ] as const) {
      const machine = await living([...asked.slice(0, 3), dispatch(1, "r1", { bootId })], [], { pid: false });
      machine.put(`${machine.attempt(1)}/started`, started);
      const life = await machine.begin();
      await life.ready;
      await settled();
      machine.held.clear();
      const follower = lifeOf(life.context, id).follower;
      follower?.wrapperIsGone();
      follower?.poke();
      await settled();
      const records = await of(machine, "ended");
      expect([started, bootId, records.map((data) => data.started)]).toEqual([started, bootId, [found]]);
      await life.close();
    }
  });

  it("that writes more than it may is ended, once, and its run failed", async () => {
    const machine = await living();
    machine.ends = () => false;
    const most = said.name.length + 1;
    const life = await machine.recovered({ spoolBytesMax: most });
    await settled();
    expect(machine.signals).toEqual([]);
    says(machine, "x");
    await settled();
    says(machine, "y");
    await settled();
    expect(await of(machine, "limit")).toEqual([
      {
        sessionId: id,
        attempt: 1,
        reason: `The agent wrote more than ${most} bytes to its stdout and was ended.`,
        at: { attempt: 1, byte: most, k: 1_000_000 },
      },
    ]);
    expect(machine.signals).toEqual(["50 SIGTERM"]);
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([100]);
    await life.close();
  });

  it("of a life that is closed is followed no more, and has no end for that", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    await life.close();
    expect([machine.files.watched.size, machine.gone.size, machine.files.opened]).toEqual([0, 0, 0]);
    says(machine, `${said.call("c1")}\n`);
    ends(machine);
    await settled();
    expect(await of(machine, "ended")).toEqual([]);
    expect(machine.reports).toEqual([]);
  });

  it("without a spool is followed all the same", async () => {
    const machine = await living([...asked, agent(1, 50)]);
    machine.files.nodes.delete(`${machine.attempt(1)}/spool`);
    const life = await machine.recovered();
    await settled();
    ends(machine);
    await settled();
    expect(await of(machine, "ended")).toMatchObject([{ exitCode: 0, started: "yes", tailBytes: 0 }]);
    await life.close();
  });

  it("is followed by whoever catches up first, and then by news", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    const attempt = sessionOf(life).attempts[0];
    if (attempt === undefined) throw new Error("It is on record.");
    const follower = new Follower(life.context, sessionOf(life), attempt);
    await follower.open();
    await follower.catchUp();
    machine.files.calls.length = 0;
    const running = follower.run();
    await settled();
    // It was just looked at.
    expect(machine.files.calls).toEqual([]);
    await follower.close();
    expect(await running).toBe(false);
    await life.close();
  });
});

describe("a cut", () => {
  const over: readonly Draft[] = [...asked, agent(1, 50), cover(1, whole), named(1), ended(1), runEnded(1)];
  const event = (type: string, data: object) => JSON.stringify({ type, sessionId: agentSession, data });
  const log = (...events: string[]) => text(...events);
  const told = (words: string) => event("user_message", { text: words });
  const called = (call: string) =>
    event("tool_call", { id: call, tool: "run_command", input: { command: "make" } });

  async function left(drafts: readonly Draft[], lines: readonly string[] | undefined = whole) {
    const machine = new Machine();
    await machine.left(drafts);
    if (lines !== undefined) machine.put(`${machine.attempt(1)}/spool`, text(...lines));
    return machine;
  }

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

  it("says of a living agent that it was started when it was seen, heard or named", async () => {
    for (const [drafts, held, lines, found] of [
      [[...asked, agent(1, 50)], true, [], ["yes", "alive"]],
      [asked, true, [], ["unknown", "unknown"]],
      [asked, true, [said.name], ["yes", "unknown"]],
    ] as const) {
      const machine = await living(drafts, lines, { pid: false });
      if (!held) machine.held.clear();
      const life = await machine.recovered();
      await settled();
      const { attempts } = await cut(life, "living");
      expect(attempts.map(({ started, liveness }) => [started, liveness])).toEqual([found]);
      await life.close();
    }
  });

  it("says of one that is just gone that it lives until its end is on record, unless nobody follows it", async () => {
    const machine = await living([...asked, agent(1, 50)]);
    const life = await machine.recovered();
    await settled();
    machine.running.delete(50);
    const states = async () => (await cut(life, "living")).attempts.map(({ liveness }) => liveness);
    expect(await states()).toEqual(["alive"]);
    lifeOf(life.context, id).trouble = "so";
    expect(await states()).toEqual(["dead"]);
    await life.close();
    const two = await living([...asked, agent(1, 50), dispatch(2), agent(2, 51)]);
    two.put(`${two.attempt(2)}/spool`, "");
    two.running.set(51, identity(51));
    two.running.delete(50);
    two.files.nodes.delete(`${two.attempt(1)}/spool`);
    const second = await two.recovered();
    const { attempts } = await cut(second, "living");
    expect(attempts.map(({ liveness }) => liveness)).toEqual(["dead", "alive"]);
    await second.close();
  });

  it("of a living agent holds of its log what stands before its own turn, and no snapshot", async () => {
    const machine = await living([...over, dispatch(2, "r1", { prompt: "go on" }), agent(2, 51)], whole);
    machine.put(`${machine.attempt(2)}/spool`, "");
    machine.running.set(51, identity(51));
    const path = `${cwd}/.coding-agent/events/${agentSession}.jsonl`;
    machine.put(path, log(told("do r1"), called("c1"), told("go on"), called("c2")));
    machine.put(`${cwd}/.coding-agent/sessions/${agentSession}.json`, JSON.stringify({ messages: [] }));
    const life = await machine.recovered();
    const logged = async () =>
      (await cut(life, "living")).sources
        .filter(({ source }) => source !== "O")
        .map(({ source, facts }) => [
          source,
          ...facts.map(({ body }) =>
            body.kind === "prompt" ? body.text : body.kind === "call" ? body.callId : body.kind,
          ),
        ]);
    expect(await logged()).toEqual([["L", "do r1", "c1"]]);
    // Its own turn is not there yet: all that is, is of earlier ones.
    machine.put(path, log(told("do r1"), called("c1")));
    expect(await logged()).toEqual([["L", "do r1", "c1"]]);
    await life.close();
  });

  it("of a living agent that was asked the same as one before takes the later turn for its own", async () => {
    for (const [started, kept] of [
      ["yes", ["do r1", "c1"]],
      ["no", []],
    ] as const) {
      const machine = await living(
        [...asked, named(1), ended(1, { started }), dispatch(2), agent(2, 51)],
        [said.name],
      );
      machine.put(`${machine.attempt(2)}/spool`, "");
      machine.running.set(51, identity(51));
      machine.put(
        `${cwd}/.coding-agent/events/${agentSession}.jsonl`,
        log(told("do r1"), called("c1"), told("do r1"), called("c2")),
      );
      const life = await machine.recovered();
      const [found] = (await cut(life, "living")).sources.filter(({ source }) => source === "L");
      expect([
        started,
        found?.facts.flatMap(({ body }) =>
          body.kind === "prompt" ? body.text : body.kind === "call" ? body.callId : [],
        ),
      ]).toEqual([started, kept]);
      await life.close();
    }
  });

  it("of the first living agent reads no store", async () => {
    const machine = await living([...asked, named(1)]);
    machine.put(`${cwd}/.coding-agent/events/${agentSession}.jsonl`, log(told("do r1")));
    const life = await machine.recovered();
    expect((await cut(life, "living")).sources.map(({ source }) => source)).toEqual(["O"]);
    expect((await cut(life)).sources.map(({ source }) => source)).toEqual(["O", "L", "S"]);
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
          detail: "The journal no longer held attempt 1 of this session; it was restored from /copy.",
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
