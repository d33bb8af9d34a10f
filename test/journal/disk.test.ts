/**
 * The journal on a real disk, with the real ports.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { withDir } from "tmp-promise";
import { expect, test } from "vitest";
import { hostFiles } from "../../src/host/files.ts";
import {
  coverOf,
  readJournal,
  readSnapshot,
  SpoolReader,
  takeOver,
  verifySpool,
  writeSnapshot,
} from "../../src/journal/index.ts";

const inFolder = (work: (folder: string) => Promise<void>): Promise<void> =>
  withDir(async ({ path }) => work(path), { unsafeCleanup: true, prefix: "holdfast-journal-" });

test("disk: lives, a torn tail, a late write, a snapshot", () =>
  inFolder(async (root) => {
    const files = hostFiles();
    const folder = `${root}/journal`;
    const { journal: first } = await takeOver(files, folder, { life: 1 });
    const answers = await Promise.all(Array.from({ length: 500 }, (_, x) => first.append("x", { x })));
    expect(answers.every((answer) => answer.ok)).toBe(true);
    await writeSnapshot(files, `${root}/state`, first.position(), { seen: 500 });
    await first.close();
    await appendFile(`${folder}/00000001.journal`, "j1\ttorn");

    const { journal: second, history } = await takeOver(files, folder, { life: 2 });
    expect(history.records.length).toBe(502);
    expect(history.damage).toMatchObject([{ code: "torn-tail" }]);
    await appendFile(`${folder}/00000001.journal`, "late\n");
    expect(await second.append("y", {})).toMatchObject({ ok: true, generation: 2, n: 2 });
    const read = await readJournal(files, folder);
    expect(read.late).toMatchObject([{ text: "late" }]);
    expect(read.records.map(({ data }) => data.x).filter((x) => x !== undefined)).toEqual(
      Array.from({ length: 500 }, (_, x) => x),
    );
    expect(await readSnapshot(files, `${root}/state`, folder)).toMatchObject({ state: { seen: 500 } });
    await truncate(`${folder}/00000001.journal`, 1000);
    expect(await readSnapshot(files, `${root}/state`, folder)).toMatchObject({
      damage: { code: "snapshot-unreadable" },
    });
    expect((await readJournal(files, folder)).damage.map(({ code }) => code)).toContain("truncated");
    // The text is for people, too.
    expect(await readFile(`${folder}/00000002.journal`, "utf8")).toMatch(
      /^j1\t[0-9a-f]{8}\t\d+\t2\t1\t"life"\t\{.*\}\n/,
    );
    await second.close();
  }));

test("disk: a newer life is found within one tick of the clock, too, and the folder is not listed for each record", () =>
  inFolder(async (root) => {
    const real = hostFiles();
    const folder = `${root}/journal`;
    let lists = 0;
    const files = {
      ...real,
      listNow: (path: string) => {
        lists += 1;
        return real.listNow?.(path);
      },
      // As when nothing that happens moves the clock on.
      statNow: (path: string) => {
        const stat = real.statNow?.(path);
        return stat === undefined || path !== folder ? stat : { ...stat, stamp: "one tick" };
      },
    };
    const { journal: first } = await takeOver(files, folder, { life: 1 });
    const listed = lists;
    for (let x = 0; x < 10; x++) expect(await first.append("x", { x })).toMatchObject({ ok: true });
    expect(lists).toBe(listed);
    const { journal: second } = await takeOver(files, folder, { life: 2 });
    expect(await first.append("x", {})).toMatchObject({ ok: false, why: "fenced" });
    await first.close();
    await second.close();
  }));

test("disk: a journal whose folder is gone says so, however it looks whether it is the newest", () =>
  inFolder(async (root) => {
    const { journal } = await takeOver(hostFiles(), `${root}/journal`, { life: 1 });
    expect(await journal.append("x", {})).toMatchObject({ ok: true });
    await rename(`${root}/journal`, `${root}/elsewhere`);
    expect(await journal.append("x", {})).toMatchObject({ ok: false, why: "failed" });
    await journal.close();
  }));

test("disk: of many lives at once each has its own segment, and exactly the newest is open", () =>
  inFolder(async (root) => {
    const files = hostFiles();
    const lives = await Promise.all(
      Array.from({ length: 8 }, (_, life) => takeOver(files, `${root}/journal`, { life })),
    );
    const journals = lives.map(({ journal }) => journal);
    expect(new Set(journals.map(({ generation }) => generation)).size).toBe(8);
    const answers = await Promise.all(journals.map((journal) => journal.append("x", {})));
    expect(answers.filter((answer) => answer.ok)).toMatchObject([{ generation: 8 }]);
    expect(journals.filter(({ state }) => state === "open").length).toBe(1);
    const { damage, records } = await readJournal(files, `${root}/journal`);
    expect(damage).toEqual([]);
    expect(records.filter(({ type, generation }) => type === "x" && generation === 8).length).toBe(1);
    await Promise.all(journals.map((journal) => journal.close()));
  }));

test("disk: a spool that another process writes is read as it grows, and proven later", () =>
  inFolder(async (root) => {
    const path = `${root}/spool`;
    await writeFile(path, "");
    const writer: ChildProcess = spawn(
      "/bin/sh",
      ["-c", `for i in 1 2 3; do printf '{"i":%s}\\n{"ha' $i; printf 'lf":%s}\\n' $i; done >> '${path}'`],
      { stdio: "ignore", env: {} },
    );
    const ended = once(writer, "exit");
    const file = await hostFiles().openRead(path);
    if (file === undefined) throw new Error("no spool");
    const reader = new SpoolReader(file);
    const got: string[] = [];
    let over = false;
    void ended.then(() => (over = true));
    for (let last = false; !last; ) {
      last = over;
      const batch = await reader.next();
      got.push(...batch.lines.map((line) => line.text));
    }
    expect(got).toEqual(['{"i":1}', '{"half":1}', '{"i":2}', '{"half":2}', '{"i":3}', '{"half":3}']);
    await file.sync();
    const cover = await coverOf(file, 0, await file.size());
    expect(await verifySpool(file, [cover], path)).toEqual([]);
    await truncate(path, 20);
    expect(await verifySpool(file, [cover], path)).toMatchObject([
      { code: "truncated", range: { fromByte: 20 } },
    ]);
    await file.close();
  }));
