/**
 * Order over a run: nothing is published before what it depends on is on the disk.
 *
 * Published is what a client is shown or told, what is renamed into place, evidence that the journal names, and an
 * agent that is started. What it depends on is looked up at that very moment in what a power cut would be sure to leave.
 * Not able to: say that anything is lost; power cuts do that (power.ts). It names the step that is out of order.
 */
import type { Early, HistoryEntry } from "../history.ts";
import type { PortCall } from "./calls.ts";
import type { Disk } from "./disk.ts";
import { DurableJournal, isDurable } from "./durable-journal.ts";
import type { MemoryRun } from "./execute.ts";
import { FileNode, FolderNode } from "./nodes.ts";

/** Watches one run; to be told of every port call, before and after it. */
export class OrderMonitor {
  readonly #made: MemoryRun;
  readonly #journal: DurableJournal;
  readonly #found = new Map<string, Early>();
  #seen = 0;
  readonly #evidence = new Set<string>();
  readonly #left = new WeakSet<FileNode>();
  /** While clients still read what a life sent before a power cut ended it: the covers that were written by then. */
  #coversOfEnded: ReadonlySet<string> | undefined;

  constructor(made: MemoryRun) {
    this.#made = made;
    this.#journal = new DurableJournal(made.computer.disk);
  }

  /** What was published too early so far, each way once. */
  get early(): readonly Early[] {
    return [...this.#found.values()];
  }

  before(call: PortCall): void {
    this.look();
    if (call.op === "startAgent") this.#note("early-agent", this.#ofAgent(call.path));
  }

  after({ op, path }: PortCall): void {
    this.look();
    if (op === "rename") this.#note("early-name", ofRename(this.#made.computer.disk, path));
    if (op === "sync" && path.endsWith(".journal")) this.#note("early-evidence", this.#ofEvidence());
  }

  /** What somebody was told since the last look; the disk has not changed meanwhile. */
  look(): void {
    const { entries } = this.#made.run.recorder;
    for (; this.#seen < entries.length; this.#seen += 1) {
      const entry = entries[this.#seen];
      if (entry?.kind === "server-start") this.#coversOfEnded = undefined;
      if (entry?.kind === "submitted") this.#note("early-answer", this.#ofAnswer(entry.key));
      if (entry?.kind === "shown") this.#note("early-event", this.#ofEvent(entry));
    }
  }

  /** To be told when a power cut is about to end everything. */
  beforePowerCut(): void {
    this.#coversOfEnded = this.#journal.writtenCovers();
  }

  /**
   * To be told when a power cut has left what is there now. Where it took the middle of a spool, an event's place is no
   * longer one in the file; and what a power cut has left is on the disk.
   */
  powerCut(): void {
    const visit = (folder: FolderNode): void => {
      for (const node of folder.entries.values()) {
        if (node instanceof FileNode) this.#left.add(node);
        else if (node instanceof FolderNode) visit(node);
      }
    };
    visit(this.#made.computer.disk.root);
  }

  #note(kind: string, story: string | undefined): void {
    if (story !== undefined && !this.#found.has(story)) this.#found.set(story, { kind, story });
  }

  #ofAgent(path: string): string | undefined {
    const { disk } = this.#made.computer;
    for (const name of ["", "/spool", "/stdin", "/alive"]) {
      if (!isDurable(disk, `${path}${name}`))
        return `an agent is started while its attempt${name} may be lost`;
    }
    const [, session = "", attempt = ""] = /\/sessions\/([^/]+)\/attempts\/(\d+)$/.exec(path) ?? [];
    if (!this.#journal.hasDispatch(session, attempt))
      return "an agent is started before its dispatch is on the disk";
    const store = `${this.#made.run.context.workspace}/.coding-agent/sessions`;
    const names = Number(attempt) > 1 ? (disk.names(store) ?? []) : [];
    // What the agent left there itself is its own; what we put in place of it must stay.
    const ours = names.filter((name) => name.endsWith(".json") && isOurs(disk, `${store}/${name}`));
    return ours.every((name) => isDurable(disk, `${store}/${name}`))
      ? undefined
      : "an agent is resumed while the snapshot that was put in place for it may be lost";
  }

  #ofAnswer(key: string): string | undefined {
    return this.#journal.hasKey(key) ? undefined : "a submit is acknowledged before its run is on the disk";
  }

  #ofEvent({ event: { cursor, type } }: Extract<HistoryEntry, { kind: "shown" }>): string | undefined {
    if (cursor === undefined) return undefined;
    const [epoch = "", attempt = "", byte = "0", rank] = cursor.split(".");
    const session = this.#journal.sessionOf(epoch);
    if (session === undefined) return "an event is shown of a session that may be lost";
    // A hole tells of bytes that are gone, and what has a rank of its own was said by us, not by the agent.
    if (type === "hole" || rank !== "0") return undefined;
    const { disk } = this.#made.computer;
    const spool = `/run/subject/home/sessions/${session}/attempts/${attempt}/spool`;
    const node = disk.at(spool);
    const isLeft = node instanceof FileNode && this.#left.has(node);
    const bytes = node instanceof FileNode && isDurable(disk, spool) ? node.synced.length : 0;
    if (!isLeft && bytes < Number(byte)) return "an event is shown before its line is on the disk";
    const cover = `${session}/${attempt}/${byte}`;
    return (this.#coversOfEnded?.has(cover) ?? this.#journal.covers(cover))
      ? undefined
      : "an event is shown before its cover is written";
  }

  /** Each path of evidence is looked at when the record that names it has come to the disk. */
  #ofEvidence(): string | undefined {
    const fresh = this.#journal.evidence().filter((path) => !this.#evidence.has(path));
    for (const path of fresh) this.#evidence.add(path);
    const { disk } = this.#made.computer;
    return fresh.every((path) => isDurable(disk, path))
      ? undefined
      : "the journal names evidence whose file may be lost";
  }
}

/** Agents sync nothing: a file with synced content is one that we wrote. */
function isOurs(disk: Disk, path: string): boolean {
  const node = disk.at(path);
  return node instanceof FileNode && node.synced.length > 0;
}

function ofRename(disk: Disk, path: string): string | undefined {
  const node = disk.at(path);
  return node instanceof FileNode && node.synced.length < node.content.length
    ? "a file is renamed into place before its bytes are on the disk"
    : undefined;
}
