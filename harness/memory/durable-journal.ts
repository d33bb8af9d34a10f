/**
 * What the subject's journal is sure to hold after a power cut, by what others wait for: acknowledged keys, sessions by
 * epoch, dispatches, and the evidence that it names; and, of covers alone, what it holds for whoever reads it now.
 *
 * Always: read from the bytes that are on the disk alone, covers from all that are written. Segments only grow, so each
 * byte is read once; a segment that a power cut has left is another file, and read anew.
 */
import type { Disk } from "./disk.ts";
import { FileNode, FolderNode } from "./nodes.ts";

const folder = "/run/subject/home/journal";

/** Facts of one segment's bytes up to `bytes`. */
interface Facts {
  bytes: number;
  readonly keys: Set<string>;
  readonly sessionsByEpoch: Map<string, string>;
  /** `session/attempt` */
  readonly dispatches: Set<string>;
  /** `session/attempt/byte` at which a covered line ends. */
  readonly covers: Set<string>;
  /** Paths of evidence, in order. */
  readonly evidence: string[];
}

export class DurableJournal {
  readonly #disk: Disk;
  /** By what is on the disk, and by what is written. */
  readonly #durable = new WeakMap<FileNode, Facts>();
  readonly #written = new WeakMap<FileNode, Facts>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  hasKey(key: string): boolean {
    return this.#segments().some(({ keys }) => keys.has(key));
  }

  sessionOf(epoch: string): string | undefined {
    for (const { sessionsByEpoch } of this.#segments()) {
      const session = sessionsByEpoch.get(epoch);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  hasDispatch(session: string, attempt: string): boolean {
    return this.#segments().some(({ dispatches }) => dispatches.has(`${session}/${attempt}`));
  }

  /**
   * Whether a cover up to there is written: it vouches for bytes that are on the disk, and can be made of them again.
   *
   * @param cover `session/attempt/byte`
   */
  covers(cover: string): boolean {
    return this.#segments("written").some(({ covers }) => covers.has(cover));
  }

  /** Every cover that is written now. */
  writtenCovers(): ReadonlySet<string> {
    return new Set(this.#segments("written").flatMap(({ covers }) => [...covers]));
  }

  evidence(): readonly string[] {
    return this.#segments().flatMap(({ evidence }) => evidence);
  }

  #segments(what: "durable" | "written" = "durable"): Facts[] {
    const node = this.#disk.at(folder);
    if (!(node instanceof FolderNode) || !isDurable(this.#disk, folder)) return [];
    this.#disk.names(folder);
    return [...node.durable.values()].flatMap((file) => {
      if (!(file instanceof FileNode)) return [];
      return [
        what === "durable"
          ? factsOf(this.#durable, file, file.synced)
          : factsOf(this.#written, file, file.content),
      ];
    });
  }
}

function factsOf(all: WeakMap<FileNode, Facts>, file: FileNode, bytes: Uint8Array): Facts {
  const known = all.get(file);
  const facts = known ?? {
    bytes: 0,
    keys: new Set<string>(),
    sessionsByEpoch: new Map<string, string>(),
    dispatches: new Set<string>(),
    covers: new Set<string>(),
    evidence: [],
  };
  all.set(file, facts);
  if (bytes.length === facts.bytes) return facts;
  const text = Buffer.from(bytes.subarray(facts.bytes)).toString("latin1");
  const end = text.lastIndexOf("\n") + 1;
  facts.bytes += end;
  for (const line of text.slice(0, end).split("\n")) note(facts, line);
  // A record that lost nothing but its line's end is whole.
  const last = text.slice(end);
  if (last.endsWith("}")) note(facts, last);
  return facts;
}

function note(facts: Facts, line: string): void {
  const key = /"key":"([^"]+)"/.exec(line)?.[1];
  if (key !== undefined) facts.keys.add(key);
  const [, kind, session] = /\t"([\w-]+)"\t\{"sessionId":"([0-9a-f]+)"/.exec(line) ?? [];
  if (kind === "session") {
    const epoch = /"epoch":"([^"]+)"/.exec(line)?.[1];
    if (epoch !== undefined && session !== undefined) facts.sessionsByEpoch.set(epoch, session);
  }
  if (kind === "cut") facts.evidence.push(...(/"path":"([^"]+)"/.exec(line)?.slice(1) ?? []));
  const attempt = /"attempt":(\d+)/.exec(line)?.[1];
  if (kind === "dispatch") facts.dispatches.add(`${session}/${attempt}`);
  if (kind !== "cover") return;
  const ends = /"ends":\[([\d,]*)\]/.exec(line)?.[1] ?? "";
  for (const byte of ends.split(",")) facts.covers.add(`${session}/${attempt}/${byte}`);
}

/** Is the path there, whatever a power cut leaves? */
export function isDurable(disk: Disk, path: string): boolean {
  const now = disk.at(path);
  let at: unknown = disk.root;
  for (const name of path.slice(1).split("/")) {
    if (!(at instanceof FolderNode)) return false;
    at = at.durable.get(name);
  }
  return at !== undefined && at === now;
}
