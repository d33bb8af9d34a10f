/**
 * What an agent says is followed from its spool into the record.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  agentSession,
  asked,
  cover,
  type Draft,
  dispatch,
  ended,
  half,
  id,
  named,
  runEnded,
  said,
  text,
  whole,
} from "./drafts.ts";
import { living, recorded, says, sessionOf, settled } from "./machine.ts";

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
    expect(await recorded(machine, "cover")).toHaveLength(1);
    says(machine, line.slice(9));
    await settled();
    const fromByte = said.name.length + 1;
    expect((await recorded(machine, "cover")).slice(1)).toEqual([
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
    expect(await recorded(machine, "agent-session")).toEqual([
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
      expect((await recorded(machine, "agent-session")).map((data) => data.agentSessionId)).toEqual(found);
    }
  });

  it("of an earlier attempt takes no later name away", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await living([...asked, dispatch(2), named(2, other), ended(2), runEnded(2)], half);
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    machine.running.delete(50);
    const life = await machine.recovered();
    expect(await recorded(machine, "agent-session")).toEqual([]);
    expect(sessionOf(life).agentSessionId).toBe(other);
    await life.close();
    // Without a later name it is the only one.
    const nameless = await living([...asked, dispatch(2), ended(2), runEnded(2)], half);
    nameless.put(`${nameless.attempt(1)}/exit`, "0\n");
    nameless.running.delete(50);
    await (await nameless.recovered()).close();
    expect((await recorded(nameless, "agent-session")).map((data) => data.agentSessionId)).toEqual([
      agentSession,
    ]);
    const types = (await nameless.records(2)).map(([type]) => type);
    expect(types.indexOf("agent-session")).toBeLessThan(types.indexOf("cover"));
  });

  it("that names another session later changes nothing: the first name counts", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    says(machine, `${JSON.stringify({ type: "run.started", sessionId: other })}\n`);
    await settled();
    expect((await recorded(machine, "agent-session")).map((data) => data.agentSessionId)).toEqual([
      agentSession,
    ]);
    await life.close();
  });

  it("of a known agent is read also where the system does not tell what has changed", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    says(machine, `${said.call("c1")}\n`, undefined);
    await settled();
    expect(await recorded(machine, "cover")).toHaveLength(2);
    await life.close();
  });

  it("of an agent that is not known yet is looked at with everything else", async () => {
    const machine = await living(asked, [said.name], { pid: false });
    const life = await machine.recovered();
    await settled();
    machine.put(`${machine.attempt(1)}/pid`, "50 500\n");
    says(machine, `${said.call("c1")}\n`);
    await settled();
    expect(await recorded(machine, "agent")).toHaveLength(1);
    await life.close();
    const unwatched = await living([...asked, agent(1, 50)], [said.name], { started: false });
    const second = await unwatched.recovered();
    await settled();
    unwatched.put(`${unwatched.attempt(1)}/started`, "49 490\n");
    says(unwatched, `${said.call("c1")}\n`);
    await settled();
    expect(unwatched.gone.size).toBe(1);
    await second.close();
  });

  it("that comes with the note of the end is on record before it", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    const folder = machine.attempt(1);
    let isWritten = false;
    machine.files.hook = (call, path) => {
      if (call !== "open" || path !== `${folder}/exit` || isWritten) return;
      isWritten = true;
      machine.files.appendTo(`${folder}/spool`, bytesOf(text(...whole.slice(1))));
      machine.put(`${folder}/exit`, "0\n");
    };
    says(machine, "", "stderr");
    await settled();
    const types = (await machine.records(2)).map(([type]) => type);
    expect(types.filter((type) => type === "cover" || type === "ended")).toEqual(["cover", "cover", "ended"]);
    expect(await recorded(machine, "run-ended")).toMatchObject([{ state: "completed" }]);
    await life.close();
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

  it("is read in pieces where there are many, all of them, whatever the system tells", async () => {
    const many = Array.from({ length: 10 }, () => said.call("c1", "x".repeat(450_000)));
    const bytes = text(...many).length;
    for (const [before, later] of [
      [[said.name, ...many], undefined],
      [[said.name], "spool"],
      [[said.name], "stderr"],
    ] as const) {
      const machine = await living(asked, before);
      const life = await machine.recovered({ spoolBytesMax: 100_000_000 });
      await settled();
      if (later !== undefined) says(machine, text(...many), later);
      await settled();
      expect((await recorded(machine, "cover")).length).toBeGreaterThan(1);
      const { covers } = sessionOf(life).attempts[0] ?? {};
      expect([later, covers?.ends.at(-1)]).toEqual([later, said.name.length + 1 + bytes]);
      await life.close();
    }
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
    expect(await recorded(machine, "shift")).toEqual([{ sessionId: id, attempt: 1, atByte, fileByte }]);
    const line = `${said.result("c1")}\n`;
    says(machine, line);
    await settled();
    expect(await recorded(machine, "cover")).toEqual([
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
    expect(await recorded(machine, "shift", 3)).toEqual([]);
    await next.close();
  });

  it("is not missed where the spool is cut while it is followed", async () => {
    const machine = await living([...asked, agent(1, 50)], half);
    const life = await machine.recovered();
    await settled();
    const spool = machine.files.nodes.get(`${machine.attempt(1)}/spool`);
    if (spool === undefined) throw new Error("It was put there.");
    const covered = text(...half).length;
    // To its first line, in which nothing new stands.
    spool.bytes = spool.bytes.slice(0, said.name.length + 1);
    says(machine, "");
    await settled();
    const line = `${said.result("c1")}\n`;
    says(machine, line);
    await settled();
    expect(await recorded(machine, "shift")).toEqual([
      { sessionId: id, attempt: 1, atByte: covered, fileByte: said.name.length + 1 },
    ]);
    // And of half a line that was not on record yet: that is read again.
    says(machine, "half");
    await settled();
    spool.bytes = spool.bytes.slice(0, -2);
    says(machine, "");
    await settled();
    says(machine, `${said.done}\n`);
    await settled();
    expect((await recorded(machine, "cover")).slice(1)).toMatchObject([
      { fromByte: covered, ends: [covered + line.length] },
      { fromByte: covered + line.length, ends: [covered + line.length + 2 + said.done.length + 1] },
    ]);
    expect(await recorded(machine, "shift")).toHaveLength(1);
    await life.close();
  });
});

describe("a spool that cannot be read", () => {
  /** Reads of the spool of its attempt answer with the error; how many of its files are open. */
  function failing(
    machine: Awaited<ReturnType<typeof living>>,
    code: string,
    isHit: (fromByte: number) => boolean,
  ) {
    const spool = `${machine.attempt(1)}/spool`;
    const open = machine.files.openRead.bind(machine.files);
    const count = { open: 0 };
    machine.files.openRead = async (path) => {
      const file = await open(path);
      if (file === undefined || path !== spool) return file;
      count.open += 1;
      const read = async (fromByte: number, toByte: number) => {
        if (isHit(fromByte)) throw new IoError(code, path, "read");
        return file.read(fromByte, toByte);
      };
      const close = async () => {
        count.open -= 1;
        await file.close();
      };
      return { ...file, read, close };
    };
    return count;
  }

  it("at its last byte on record is followed on behind it", async () => {
    const covered = `${said.name}\n`.length;
    const machine = await living([...asked, cover(1, [said.name])]);
    const count = failing(machine, "EIO", (fromByte) => fromByte < covered);
    const life = await machine.recovered();
    await settled();
    says(machine, `${said.call("c1")}\n`);
    await settled();
    expect(machine.reports).toEqual([]);
    expect(await recorded(machine, "cover")).toMatchObject([{ fromByte: covered }]);
    await life.close();
    expect(count.open).toBe(0);
  });

  it.each([
    ["when it is opened", [...asked, cover(1, [said.name])]],
    ["when it is read on", asked],
  ])("is not held open by a server that cannot follow it: %s", async (_, drafts) => {
    const machine = await living(drafts);
    const count = failing(machine, "EACCES", () => true);
    const life = await machine.recovered();
    await settled();
    expect(machine.reports).toHaveLength(1);
    expect(count.open).toBe(0);
    await life.close();
  });
});
