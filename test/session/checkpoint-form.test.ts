/**
 * What a checkpoint is made of: its two files, what vouches for them, and what makes them be passed over.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { checkpointPath, packState, readCheckpoint, writeCheckpoint } from "../../src/session/checkpoint.ts";
import { recordCite } from "../../src/session/recorder.ts";
import { readRecord } from "../../src/session/records.ts";
import { emptyState, fold, type State } from "../../src/session/state.ts";
import { agent, type Draft, dispatch, ended, home, project, run, runEnded, session } from "./drafts.ts";
import { Machine } from "./machine.ts";

const other = "00000000000000bb";

/** Two sessions, of which the first is over. */
function known(): State {
  const state = emptyState();
  const open = [session(), run(), dispatch(1)].map(
    ([type, data]): Draft => [type, { ...data, sessionId: other }],
  );
  const over = [project, session(), run(), dispatch(1), agent(1, 50), ended(1), runEnded(1)];
  for (const [type, data] of [...over, ...open])
    fold(state, readRecord(type, data) ?? expect.fail(type), recordCite("j", undefined, type, data));
  return state;
}

describe("a checkpoint in memory", () => {
  const covers = [{ generation: 1, n: 1, bytes: 2, crc: 3 }];

  it("comes back as it went in, and what stood there before is removed", async () => {
    const { files } = new Machine();
    for (const name of [
      "checkpoint-1",
      "checkpoint-12",
      "checkpoint-x",
      "checkpoint-2.old",
      "a-checkpoint-3",
    ])
      files.put(`${home}/${name}`, Buffer.from("old"));
    const packed = packState(covers, { ...emptyState(), searchedTo: 3 });
    if (packed === undefined) throw new Error("Nothing is all of one length.");
    await writeCheckpoint(files, home, packed, 7);
    expect(await files.list(home)).toEqual([
      "a-checkpoint-3",
      "checkpoint",
      "checkpoint-2.old",
      "checkpoint-7",
      "checkpoint-x",
    ]);
    const found = await readCheckpoint(files, home);
    expect(found?.covers).toEqual(covers);
    expect(found?.state.searchedTo).toBe(3);
    await found?.close();
    expect(files.opened).toBe(0);
  });

  it("is none where it cannot be written or read, and only that is forgiven", async () => {
    const { files } = new Machine();
    const packed = packState(covers, emptyState());
    if (packed === undefined) throw new Error("Nothing is all of one length.");
    const failing = (error: Error, calls: readonly string[]) => {
      files.hook = (call) => {
        if (calls.includes(call)) throw error;
      };
    };
    failing(new IoError("ENOSPC", home, "create"), ["create"]);
    await writeCheckpoint(files, home, packed, 1);
    failing(new Error("ours"), ["create"]);
    await expect(writeCheckpoint(files, home, packed, 1)).rejects.toThrow("ours");
    files.hook = () => undefined;
    await writeCheckpoint(files, home, packed, 1);
    failing(new IoError("EIO", home, "read"), ["read"]);
    expect(await readCheckpoint(files, home)).toBeUndefined();
    failing(new Error("ours"), ["read"]);
    await expect(readCheckpoint(files, home)).rejects.toThrow("ours");
    expect(files.opened).toBe(0);
  });

  const packedOf = (state: State) => packState(covers, state) ?? expect.fail("not all of one length");

  it("says which sessions are open, and is none of ids that are not all of one length", async () => {
    const state = known();
    const { open, lengths, bodies } = packedOf(state);
    expect([open, lengths.length]).toEqual([[1], 2]);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bodies.length);
    const [first] = state.sessions.values();
    if (first !== undefined) state.sessions.set("longer than the others", first);
    expect(packState(covers, state)).toBeUndefined();
  });

  it("is used by its stamp alone where its body has the one that was told", async () => {
    const { files } = new Machine();
    const body = `${home}/checkpoint-1`;
    const packed = packedOf(known());
    const reads = async () => {
      files.calls.length = 0;
      const found = await readCheckpoint(files, home);
      await found?.close();
      const count = files.calls.filter((call) => call === `read ${body}`).length;
      return found === undefined ? "none" : count;
    };
    await writeCheckpoint(files, home, packed, 1);
    expect(JSON.parse(headOf(files))).not.toHaveProperty("bodies.stamp");
    // By its bytes, then what is in it.
    expect(await reads()).toBe(2);
    files.stamps.set(body, "then");
    expect(await reads()).toBe(2);
    await writeCheckpoint(files, home, packed, 1);
    expect(JSON.parse(headOf(files))).toMatchObject({
      shape: 6,
      bodies: { name: "checkpoint-1", stamp: "then" },
    });
    expect(await reads()).toBe(1);
    files.stamps.set(body, "later");
    expect(await reads()).toBe(2);
    files.put(body, Buffer.from(files.bytes(body)).fill(32, 3, 4));
    expect(await reads()).toBe("none");
    files.stamps.set(body, "then");
    files.put(body, Buffer.from(files.bytes(body)).subarray(1));
    expect(await reads()).toBe("none");
    files.nodes.delete(body);
    expect(await reads()).toBe("none");
    expect(files.opened).toBe(0);
  });

  it("reads a session where it is where the machine can do that at once", async () => {
    const { files } = new Machine();
    const state = known();
    await writeCheckpoint(files, home, packedOf(state), 1);
    const asked: number[][] = [];
    const open = files.openRead.bind(files);
    files.openRead = async (path) => {
      const file = await open(path);
      const readNow = (fromByte: number, toByte: number) => {
        asked.push([fromByte, toByte]);
        return files.bytes(path).slice(fromByte, toByte);
      };
      return file && { ...file, readNow };
    };
    const found = await readCheckpoint(files, home);
    const { lengths } = packedOf(state);
    const [first = 0, second = 0] = lengths;
    asked.length = 0;
    expect(found?.state.sessions.get(other)).toEqual(state.sessions.get(other));
    expect(asked).toEqual([[first, first + second]]);
    await found?.close();
  });

  it("is made by names of this life, and read by its first line", async () => {
    const { files } = new Machine();
    await writeCheckpoint(files, home, packedOf(known()), 7);
    expect(files.calls.filter((call) => call.startsWith("create"))).toEqual([
      `create ${home}/checkpoint-7.tmp-0-1`,
      `create ${home}/checkpoint.tmp-g7-1`,
    ]);
    const good = headOf(files);
    const tried = async (content: string) => {
      files.put(checkpointPath(home), Buffer.from(content));
      const found = await readCheckpoint(files, home);
      await found?.close();
      return found !== undefined;
    };
    const line = (text: string, bytes = Buffer.byteLength(text), crc = crc32(Buffer.from(text))) =>
      `c1 ${crc} ${bytes}\n${text}`;
    expect(await tried(line(good))).toBe(true);
    const head = JSON.parse(good);
    for (const wrong of [
      `x${line(good)}`,
      `\n${line(good)}`,
      line(good).slice(3),
      line(good, Buffer.byteLength(good) + 1),
      line(good, undefined, crc32(Buffer.from(good)) - 1),
      line(JSON.stringify({ ...head, shape: 5 })),
      line(JSON.stringify({ ...head, covers: {} })),
      line(JSON.stringify([head])),
      line("null"),
      line(JSON.stringify({ ...head, bodies: { ...head.bodies, name: "checkpoint" } })),
      line(JSON.stringify({ ...head, bodies: { ...head.bodies, name: "../checkpoint-7" } })),
      "",
    ])
      expect([wrong.slice(0, 40), await tried(wrong)]).toEqual([wrong.slice(0, 40), false]);
    expect(files.opened).toBe(0);
  });

  it("is read as long as its files are no longer than they may be", async () => {
    const most = 512 * 1024 * 1024;
    for (const [bytes, isRead] of [
      [most, true],
      [most + 1, false],
    ] as const) {
      for (const name of ["checkpoint", "checkpoint-1"]) {
        const { files } = new Machine();
        await writeCheckpoint(files, home, packedOf(known()), 1);
        const head = JSON.parse(headOf(files));
        const told = JSON.stringify({ ...head, bodies: { ...head.bodies, bytes } });
        const crc = crc32(Buffer.from(told));
        if (name === "checkpoint-1")
          files.put(checkpointPath(home), Buffer.from(`c1 ${crc} ${Buffer.byteLength(told)}\n${told}`));
        const open = files.openRead.bind(files);
        files.openRead = async (path) => {
          const file = await open(path);
          const size = path.endsWith(`/${name}`) ? bytes : files.bytes(path).length;
          return file && { ...file, size: async () => size };
        };
        files.calls.length = 0;
        const found = await readCheckpoint(files, home);
        await found?.close();
        // As many as it says are there, and they are the right ones.
        expect(found !== undefined).toBe(isRead);
        expect([name, bytes, files.calls.includes(`read ${home}/${name}`)]).toEqual([name, bytes, isRead]);
        expect(files.opened).toBe(0);
      }
    }
  });
});

/** The head of the checkpoint behind its first line. */
function headOf(files: Machine["files"]): string {
  const content = Buffer.from(files.bytes(checkpointPath(home))).toString();
  return content.slice(content.indexOf("\n") + 1);
}
