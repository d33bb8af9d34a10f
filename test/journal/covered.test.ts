/**
 * A start that holds the outcome of older segments already: it reads them again only where they are not what they were.
 */
import { expect, test } from "vitest";
import { takeOver } from "../../src/journal/index.ts";
import type { StampedSeal } from "../../src/journal/seal.ts";
import type { TakenOver } from "../../src/journal/take-over.ts";
import { IoError } from "../../src/model/ports.ts";
import { bytesOf, MemoryFiles } from "./memory-files.ts";
import { flipped, folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/0000000${generation}.journal`;

/** Two lives with a record each, and the seals that a third one took of them. */
async function world(stamps = false): Promise<{ files: MemoryFiles; seals: readonly StampedSeal[] }> {
  const files = new MemoryFiles();
  for (const type of ["a", "b"]) await (await takeOver(files, folder, {})).journal.append(type, {});
  if (stamps)
    for (const generation of [1, 2, 3]) files.stamps.set(segment(generation), `stamp ${generation}`);
  const { seals } = await takeOver(files, folder, {});
  files.calls.length = 0;
  return { files, seals };
}

const start = (files: MemoryFiles, covered: readonly StampedSeal[]): Promise<TakenOver> =>
  takeOver(files, folder, {}, { covered });
const generations = ({ history }: TakenOver) => history.records.map(({ generation }) => generation);
/** Which segments were opened to be read. */
const opened = ({ calls }: MemoryFiles) =>
  calls.filter((call) => call.startsWith("open ")).map((call) => Number(/0(\d)\.journal$/.exec(call)?.[1]));

test("covered: what is as it was is left out, and its seals are handed on", async () => {
  const { files, seals } = await world();
  const started = await start(files, seals);
  expect(started.covered).toBe(true);
  expect(generations(started)).toEqual([3, 4]);
  expect(started.seals.map(({ generation }) => generation)).toEqual([1, 2, 3]);
  expect(started.seals.slice(0, 2)).toEqual(seals);
  expect(started.history.damage).toEqual([]);
  expect(files.opened).toBe(0);
});

test("covered: nothing covered is no cover", async () => {
  const { files } = await world();
  const started = await start(files, []);
  expect(started.covered).toBe(false);
  expect(generations(started)).toEqual([1, 1, 2, 2, 3, 4]);
});

test("covered: an unchanged stamp spares even the reading", async () => {
  const { files, seals } = await world(true);
  expect(seals.map(({ stamp }) => stamp)).toEqual(["stamp 1", "stamp 2"]);
  const started = await start(files, seals);
  expect(started.covered).toBe(true);
  expect(opened(files)).toEqual([3]);
  expect(started.seals.map(({ stamp }) => stamp)).toEqual(["stamp 1", "stamp 2", "stamp 3"]);
});

test("covered: where the stamp is another one, or none, the bytes decide", async () => {
  const { files, seals } = await world(true);
  files.stamps.set(segment(1), "touched");
  files.stamps.delete(segment(2));
  expect((await start(files, seals)).covered).toBe(true);
  expect(opened(files)).toEqual([1, 2, 3]);
  const bare = await world();
  expect((await start(bare.files, bare.seals)).covered).toBe(true);
  expect(opened(bare.files)).toEqual([1, 2, 3]);
});

const changes: Readonly<Record<string, (files: MemoryFiles) => unknown>> = {
  "a late write": (files) => files.appendTo(segment(1), bytesOf("late\n")),
  "other bytes": (files) => files.put(segment(2), flipped(files.bytes(segment(2)), 20, 1)),
  "a missing end": (files) => files.put(segment(2), files.bytes(segment(2)).slice(0, -3)),
  "a missing segment": (files) => files.remove(segment(1)),
  "something that is no file": (files) => files.odd.add(segment(2)),
};

for (const [what, change] of Object.entries(changes)) {
  test(`covered: after ${what} the whole history is read`, async () => {
    const { files, seals } = await world();
    change(files);
    const started = await start(files, seals);
    expect(started.covered).toBe(false);
    const { damage, late } = started.history;
    expect(damage.length + late.length).toBeGreaterThan(0);
    expect(new Set(generations(started)).size).toBeGreaterThanOrEqual(3);
    expect(files.opened).toBe(0);
  });
}

test("covered: a segment between them that nobody covers makes it none", async () => {
  const { files, seals } = await world();
  const started = await start(files, seals.slice(1));
  expect(started.covered).toBe(false);
  expect(generations(started)).toEqual([1, 1, 2, 2, 3, 4]);
});

test("covered: a segment that grows while it is looked at is read anew", async () => {
  const { files, seals } = await world();
  files.hook = (call, path) => {
    if (call !== "open" || path !== segment(1)) return;
    files.hook = () => undefined;
    files.appendTo(path, bytesOf("late\n"));
  };
  const started = await start(files, seals);
  expect(started.covered).toBe(false);
  expect(started.history.late).toMatchObject([{ generation: 1, text: "late" }]);
});

for (const call of ["stat", "open", "read"] as const) {
  test(`covered: a segment that cannot be looked at (${call}) hides nothing of the others`, async () => {
    const { files, seals } = await world();
    files.hook = (each, path) => {
      if (each === call && path === segment(1)) throw new IoError("EIO", path, call);
    };
    const started = await start(files, seals);
    expect(started.covered).toBe(false);
    expect(generations(started).filter((generation) => generation > 1)).toEqual([2, 2, 3, 4]);
    const unreadable = started.history.damage.map(({ code, path }) => [code, path]);
    expect(unreadable).toEqual(call === "stat" ? [] : [["log-unreadable", segment(1)]]);
    expect(files.opened).toBe(0);
  });
}

test("covered: what is no failure of the disk is not taken for one", async () => {
  const { files, seals } = await world();
  files.hook = (call, path) => {
    if (call !== "read" || path !== segment(1)) return;
    files.hook = () => undefined;
    throw new TypeError("a defect");
  };
  await expect(start(files, seals)).rejects.toThrow("a defect");
  expect(files.opened).toBe(0);
});
