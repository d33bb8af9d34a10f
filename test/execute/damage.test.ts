import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realMachine } from "../../harness/execute/machine.ts";
import { damageFile } from "../../harness/fault/damage.ts";
import { recordsOf } from "../../harness/fault/records.ts";
import type { Damage } from "../../harness/plan/plan.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-damage-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const lines = '{"n":1}\n{"n":2}\n{"n":3}\n';

function damage(file: string, what: Damage, isWhole = false) {
  return damageFile(
    { path: file, isWhole, sessionIds: ["s-one", undefined, "s-three"] },
    what,
    realMachine(),
  );
}

async function damaged(how: "cut" | "empty" | "nul" | "alter" | "flip", record: number, whole = false) {
  const file = path.join(dir, `${how}-${record}-${whole}`);
  await writeFile(file, lines);
  const done = await damage(file, { role: "log", how, file: 0, record }, whole);
  return { done, text: await readFile(file, "utf8") };
}

describe("damage", () => {
  it("counts records from the end, the last without a newline too", () => {
    expect(recordsOf(Buffer.from("ab\ncd\ne"))).toEqual([
      { fromByte: 0, toByte: 3 },
      { fromByte: 3, toByte: 6 },
      { fromByte: 6, toByte: 7 },
    ]);
  });

  it("cut - last record - ends in the middle of it", async () => {
    const { done, text } = await damaged("cut", 0);
    expect(text).toBe('{"n":1}\n{"n":2}\n{"n"');
    expect(done).toMatchObject({ fromByte: 20, toByte: 24 });
  });

  it("alter - middle record - its line is no JSON any more, its neighbours are whole", async () => {
    const { done, text } = await damaged("alter", 1);
    const [first, second, third] = text.split("\n");
    expect([first, third]).toEqual(['{"n":1}', '{"n":3}']);
    expect(() => JSON.parse(second ?? "")).toThrow();
    expect(done).toMatchObject({ fromByte: 8, toByte: 16 });
  });

  it("flip - middle record - one character is the next one, and the line is JSON still", async () => {
    expect(await damaged("flip", 1)).toMatchObject({
      text: '{"n":1}\n{"n":3}\n{"n":3}\n',
      done: { fromByte: 8, toByte: 16 },
    });
  });

  it("flip - a record with texts - the longest of them is another one, no field has another name", async () => {
    const file = path.join(dir, "flip-text");
    await writeFile(file, '{"type":"result","id":"c1","content":"ok \\n it is done","isError":false}\n');
    await damage(file, { role: "spool", how: "flip", file: 0, record: 0 });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      type: "result",
      id: "c1",
      content: "ok \n iu is done",
      isError: false,
    });
  });

  it("nul - first record - same length, its newline kept", async () => {
    expect((await damaged("nul", 2)).text).toBe(`${"\0".repeat(7)}\n{"n":2}\n{"n":3}\n`);
  });

  it("empty - nothing is left, and the whole file is named", async () => {
    expect(await damaged("empty", 1)).toMatchObject({ text: "", done: { fromByte: 0, toByte: 24 } });
  });

  it("a file that is one record - cut - loses its second half", async () => {
    expect((await damaged("cut", 0, true)).text).toBe(lines.slice(0, 12));
  });

  it("a missing or empty file - nothing is damaged, and that is said", async () => {
    expect(
      await damage(path.join(dir, "none"), { role: "log", how: "cut", file: 0, record: 0 }),
    ).toBeUndefined();
  });
});

describe("the record that is meant", () => {
  const journal = [
    '1\t"life"\t{"n":0}',
    '2\t"run"\t{"s":"s-one"}',
    '3\t"run"\t{"s":"s-three"}',
    '4\t"cover"\t{"s":"s-one"}',
    '5\t"run"\t{"s":"s-one"}',
    '{"type":"tool.call","s":"s-three"}',
  ];

  /** Number of the line that is damaged. */
  async function struck(is: Damage["is"], record = 0): Promise<number> {
    const file = path.join(dir, "meant");
    await writeFile(file, journal.map((line) => `${line}\n`).join(""));
    const named = is === undefined ? {} : { is };
    await damage(file, { role: "journal", how: "alter", file: 0, record, ...named });
    const lines = (await readFile(file, "utf8")).split("\n");
    return journal.findIndex((line, at) => lines[at] !== line);
  }

  it("is the one of its kind that names its session, from the end", async () => {
    expect([
      await struck({ kind: "run", session: 0, nth: 0 }),
      await struck({ kind: "run", session: 0, nth: 1 }),
      await struck({ kind: "run", session: 0, nth: 2 }),
      await struck({ kind: "run", session: 2, nth: 0 }),
      await struck({ kind: "tool.call", session: 2, nth: 0 }),
    ]).toEqual([4, 1, 4, 2, 5]);
  });

  it("is one that names no session, where the plan names none", async () => {
    expect(await struck({ kind: "life", nth: 0 })).toBe(0);
  });

  it("is told by its number where the plan says no more, or there is none such", async () => {
    expect([await struck(undefined, 2), await struck({ kind: "run", nth: 0 }, 2)]).toEqual([3, 3]);
  });
});
