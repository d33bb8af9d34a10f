/**
 * What a journal says no to, and goes on saying: a newer server, a disk that fails twice, a record that was never safe.
 */
import { expect, test } from "vitest";
import { crc32 } from "../../src/journal/crc32.ts";
import { Fence } from "../../src/journal/fence.ts";
import { type Journal, readJournal, takeOver } from "../../src/journal/index.ts";
import { parseRecord } from "../../src/journal/record.ts";
import { replaceAtomically } from "../../src/journal/replace.ts";
import { SegmentWriter } from "../../src/journal/writer.ts";
import { type FileStat, IoError } from "../../src/model/ports.ts";
import { bytesOf, MemoryFiles } from "./memory-files.ts";
import { folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/0000000${generation}.journal`;
const settled = () => new Promise((resolve) => setTimeout(resolve));

async function opened(): Promise<{ files: MemoryFiles; journal: Journal }> {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  files.calls.length = 0;
  return { files, journal };
}

/** Calls of this kind on this segment fail. */
function failing(files: MemoryFiles, call: string, path: string, code: string): void {
  const before = files.hook;
  files.hook = (one, at) => {
    if (one === call && at === path) throw new IoError(code, at, one);
    return before(one, at);
  };
}

test("fence: a folder whose stamp has not changed is not listed again; of one that has no stamp nothing is taken for known", async () => {
  const files = new MemoryFiles();
  files.folders.add(folder);
  let stamp: string | undefined = "one";
  const stats: string[] = [];
  const statNow = (path: string): FileStat | undefined => {
    stats.push(path);
    if (path !== folder) return undefined;
    return stamp === undefined ? undefined : { kind: "folder", sizeBytes: 0, ours: true, stamp };
  };
  const fence = new Fence(Object.assign(files, { statNow }), folder);
  const made = async () => 1;
  const lists = () => files.calls.filter((call) => call.startsWith("list")).length;
  files.put(segment(1), new Uint8Array());
  expect([await fence.refusal(1, made), lists(), stats]).toEqual([undefined, 1, [folder]]);
  stats.length = 0;
  expect([await fence.refusal(1, made), lists(), stats]).toEqual([undefined, 1, [folder, segment(2)]]);
  // Another name, with one left out before it.
  files.put(segment(3), new Uint8Array());
  stamp = "two";
  expect(await fence.refusal(1, made)).toMatchObject({ why: "fenced" });
  files.nodes.delete(segment(3));
  stamp = undefined;
  for (let look = 0; look < 2; look += 1) {
    const before = lists();
    expect([await fence.refusal(1, made), lists() - before]).toEqual([undefined, 1]);
  }
});

test("why: what failed first stands in the segment that goes on", async () => {
  for (const call of ["append", "sync"]) {
    const { files, journal } = await opened();
    failing(files, call, segment(1), "ENOSPC");
    expect(await journal.append("a", {})).toMatchObject({ ok: true, generation: 2 });
    const { records } = await readJournal(files, folder);
    const [first] = records.filter(({ type }) => type === "continued");
    expect([call, first?.data.why]).toEqual([call, `${call} failed with ENOSPC on ${segment(1)}`]);
  }
});

test("refused: a journal whose next segment is another server's still knows its own, and can be closed", async () => {
  const { files, journal } = await opened();
  failing(files, "sync", segment(1), "EIO");
  files.put(segment(2), new Uint8Array());
  expect(await journal.append("a", {})).toMatchObject({ ok: false, why: "fenced" });
  expect([journal.generation, journal.state]).toEqual([1, "fenced"]);
  await journal.close();
});

test("refused: what waited for its source when the journal failed is refused, though its source comes", async () => {
  const { files, journal } = await opened();
  let come = () => {};
  const source = new Promise<void>((resolve) => (come = resolve));
  const waiting = journal.append("cover", {}, source);
  await settled();
  failing(files, "sync", segment(1), "EIO");
  failing(files, "create", segment(2), "ENOSPC");
  const refusal = await journal.append("a", {});
  expect(refusal).toMatchObject({ ok: false, why: "failed" });
  come();
  expect(await waiting).toEqual(refusal);
});

test("replace: whoever finds no free name says what it was about", async () => {
  const files = new MemoryFiles();
  files.createExclusive = async () => undefined;
  await expect(replaceAtomically(files, "/data/state", new Uint8Array())).rejects.toThrow(
    /^create failed with EEXIST on \/data\/state\.tmp-0-/,
  );
});

test("writer: what is written at once is synced at once, where a machine could also wait", async () => {
  const files = new MemoryFiles();
  files.folders.add(folder);
  const create = files.createExclusive.bind(files);
  const later: string[] = [];
  files.createExclusive = async (path) => {
    const file = await create(path);
    return file && { ...file, syncLater: async () => void later.push(path) };
  };
  const writer = await SegmentWriter.create(files, folder, 1);
  await writer?.write([{ type: "t", dataJson: "{}" }]);
  expect(later).toEqual([]);
  expect(files.calls).toContain(`sync ${segment(1)}`);
});

test("record: a mark of byte order before its number makes it none, though the checksum is right", () => {
  const bytes = (body: string) => {
    const covered = `${Buffer.byteLength(body)}\t${body}`;
    return bytesOf(`j1\t${crc32(bytesOf(covered)).toString(16).padStart(8, "0")}\t${covered}\n`);
  };
  const body = '1\t1\t"t"\t{"a":1}';
  expect(parseRecord(bytes(body), 0)).toMatchObject({ generation: 1, n: 1, data: { a: 1 } });
  expect(parseRecord(bytes(`\ufeff${body}`), 0)).toBe("form");
});
