/**
 * Rule 6: after a failed append or sync nothing more is written to that file; the journal goes on in a new segment.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Appended, type Journal, readJournal, takeOver } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { type Call, MemoryFiles } from "./memory-files.ts";
import { flipped, folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/0000000${generation}.journal`;

/** How much of the unsynced bytes is left after the failure: none, some, all. */
type Left = (unsyncedBytes: number) => number;

/** The next calls of this kind fail with EIO, after the disk has dropped what was not synced. */
function failNext(files: MemoryFiles, call: Call, times: number, left: Left = () => 0): void {
  let failures = 0;
  files.hook = (each, path) => {
    if (each !== call || failures === times) return;
    failures += 1;
    const node = files.nodes.get(path);
    if (node !== undefined) {
      const bytes = node.synced.length + left(node.bytes.length - node.synced.length);
      node.bytes = node.bytes.slice(0, bytes);
    }
    throw new IoError("EIO", path, each);
  };
}

async function opened(): Promise<{ files: MemoryFiles; journal: Journal }> {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  await journal.append("before", {});
  return { files, journal };
}

async function types(files: MemoryFiles): Promise<string[]> {
  return (await readJournal(files, folder)).records.map(({ type }) => type);
}

for (const [name, left] of [
  ["all unsynced bytes are lost", () => 0],
  ["half of them are left", (bytes) => bytes >> 1],
  ["all of them are left", (bytes) => bytes],
] as const satisfies readonly (readonly [string, Left])[]) {
  for (const call of ["append", "sync"] as const) {
    test(`failed ${call}, ${name}: the group stands once, in a new segment, and the old one is not touched again`, async () => {
      const { files, journal } = await opened();
      const sealed = journal.position();
      failNext(files, call, 1, left);
      const answers = await Promise.all([journal.append("a", { x: 1 }), journal.append("b", { x: 2 })]);
      expect(answers).toMatchObject([
        { ok: true, generation: 2, n: 2, path: segment(2) },
        { ok: true, generation: 2, n: 3, path: segment(2) },
      ]);
      expect(journal).toMatchObject({ state: "open", generation: 2 });
      const old = files.bytes(segment(1));
      expect(await journal.append("c", {})).toMatchObject({ ok: true, generation: 2, n: 4 });
      expect(files.bytes(segment(1))).toEqual(old);
      const failed = files.calls.lastIndexOf(`${call} ${segment(1)}`);
      expect(
        files.calls.slice(failed + 1).filter((each) => /^(append|sync) .*1\.journal$/.test(each)),
      ).toEqual([]);

      for (const world of [files, files.afterPowerCut()]) {
        const history = await readJournal(world, folder);
        expect(history.records.map(({ type }) => type)).toEqual([
          "life",
          "before",
          "continued",
          "a",
          "b",
          "c",
        ]);
        expect(history.records[2]?.data.seals).toEqual([sealed]);
        expect(history.damage).toEqual([]);
      }
    });
  }
}

test("failed sync: the group stands once even if the record with the seal is damaged later", async () => {
  const { files, journal } = await opened();
  failNext(files, "sync", 1, (bytes) => bytes);
  await Promise.all([journal.append("a", {}), journal.append("b", {})]);
  const { range } = (await readJournal(files, folder)).records.find(({ type }) => type === "continued") ?? {};
  expect(range?.fromByte).toBe(0);
  files.put(segment(2), flipped(files.bytes(segment(2)), 30, 1));
  const history = await readJournal(files, folder);
  expect(history.records.map(({ type, generation }) => [type, generation])).toEqual([
    ["life", 1],
    ["before", 1],
    ["a", 2],
    ["b", 2],
  ]);
  expect(history.damage.map(({ code }) => code)).toEqual(["checksum"]);
});

for (const call of ["append", "sync", "create", "sync-folder", "read"] as const) {
  test(`failed sync, then failed ${call}: the journal has failed, and every append says so`, async () => {
    const { files, journal } = await opened();
    let syncs = 0;
    files.hook = (each, path) => {
      if (each === "sync" && syncs++ === 0) throw new IoError("EIO", path, each);
      if (syncs > 0 && each === call) throw new IoError("ENOSPC", path, each);
    };
    const answers: Appended[] = await Promise.all([journal.append("a", {}), journal.append("b", {})]);
    files.hook = () => undefined;
    answers.push(await journal.append("c", {}));
    for (const answer of answers) expect(answer).toMatchObject({ ok: false, why: "failed" });
    expect(answers[2]).toMatchObject({ detail: expect.stringMatching(/EIO.*ENOSPC.*check the disk/s) });
    expect(journal.state).toBe("failed");
    // A new life goes on; what it finds of the refused group stands at most once.
    const { journal: next, history } = await takeOver(files, folder, {});
    expect(next.state).toBe("open");
    const seen = history.records.map(({ type }) => type).filter((type) => type.length === 1);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain("c");
  });
}

test("failed sync: acknowledged bytes that cannot be read back end the journal", async () => {
  const { files, journal } = await opened();
  files.hook = (call, path) => {
    if (call !== "sync" || path !== segment(1)) return;
    const node = files.nodes.get(path);
    if (node !== undefined) node.bytes = new Uint8Array(node.bytes.length);
    throw new IoError("EIO", path, call);
  };
  expect(await journal.append("a", {})).toMatchObject({ ok: false, why: "failed" });
  expect(files.nodes.has(segment(2))).toBe(false);
});

test("failed sync: a new segment that reads back otherwise than written ends the journal", async () => {
  const { files, journal } = await opened();
  files.hook = (call, path) => {
    if (call !== "sync") return;
    if (path === segment(1)) throw new IoError("EIO", path, call);
    const node = files.nodes.get(path);
    if (node !== undefined) node.bytes = flipped(node.bytes, node.bytes.length - 5, 1);
  };
  expect(await journal.append("a", {})).toMatchObject({
    ok: false,
    why: "failed",
    detail: expect.stringContaining("other bytes than were written"),
  });
});

test("failed sync while another life takes over: fenced, not failed", async () => {
  const { files, journal } = await opened();
  await takeOver(files, folder, {});
  failNext(files, "sync", 1);
  expect(await journal.append("a", {})).toMatchObject({ ok: false, why: "fenced" });
  expect(await types(files)).toEqual(["life", "before", "life"]);
});

test("a folder that cannot be listed after the sync: not acknowledged, failed", async () => {
  const { files, journal } = await opened();
  failNext(files, "list", 1);
  expect(await journal.append("a", {})).toMatchObject({ ok: false, why: "failed" });
  expect(await journal.append("b", {})).toMatchObject({ ok: false, why: "failed" });
  expect(await types(files)).toEqual(["life", "before", "a"]);
});

test("random failures of the disk, lives and power cuts: what was acknowledged stands once, in order", async () => {
  let [rewritten, vouched] = [0, 0];
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 4 }) }),
    },
    // Acknowledged for their source, which is there: their own sync goes on while the next steps are made.
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("vouch" as const), count: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("fail" as const),
        call: fc.constantFrom("append", "sync", "create", "read"),
        left: fc.nat(2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("life" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("power-cut" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      let { files, journal } = await opened();
      const acknowledged: string[] = ["before"];
      let next = 0;
      for (const each of steps) {
        if (each.kind === "vouch") {
          const names = Array.from({ length: each.count }, () => `r${next++}`);
          await Promise.all(names.map((name) => journal.append(name, {}, Promise.resolve())));
          vouched += 1;
        } else if (each.kind === "append") {
          const names = Array.from({ length: each.count }, () => `r${next++}`);
          const answers = await Promise.all(names.map((name) => journal.append(name, {})));
          acknowledged.push(...names.filter((_, i) => answers[i]?.ok));
          if (answers.some((answer) => answer.ok) && journal.generation > 1) rewritten++;
        } else if (each.kind === "fail") {
          failNext(files, each.call, 1, (bytes) => (bytes * each.left) >> 1);
        } else {
          if (each.kind === "power-cut") files = files.afterPowerCut();
          files.hook = () => undefined;
          ({ journal } = await takeOver(files, folder, {}));
        }
      }
      for (const world of [files, files.afterPowerCut()]) {
        world.hook = () => undefined;
        const seen = await types(world);
        expect(seen.filter((type) => acknowledged.includes(type))).toEqual(acknowledged);
        const named = seen.filter((type) => type.startsWith("r"));
        expect(new Set(named).size).toBe(named.length);
        expect(named.map((name) => Number(name.slice(1)))).toEqual(
          named.map((name) => Number(name.slice(1))).sort((left, right) => left - right),
        );
      }
    }),
    { numRuns: 500 },
  );
  expect(rewritten).toBeGreaterThan(10);
  expect(vouched).toBeGreaterThan(100);
});
