/**
 * A machine in memory for lives of a server: what an earlier life left is put on its disk, a life begins, and what it
 * records and does is looked at.
 *
 * Always: nothing happens by itself; processes, FIFOs and time are what a test says.
 */
import { readJournal, takeOver } from "../../src/journal/index.ts";
import type { AgentStart, FileStat, Kin, ProcessIdentity, World } from "../../src/model/ports.ts";
import type { OrchestratorConfig } from "../../src/session/context.ts";
import { beginLife, type Life } from "../../src/session/life.ts";
import type { SessionState } from "../../src/session/state.ts";
import { bytesOf, MemoryFiles } from "../journal/memory-files.ts";
import { asked, cwd, type Draft, half, home, id, identity, said, text } from "./drafts.ts";

/** Files with folders in folders. */
class FolderFiles extends MemoryFiles {
  /** Called when something changed, by folder. */
  readonly watched = new Map<string, (name: string | undefined) => void>();

  override async list(path: string): Promise<readonly string[] | undefined> {
    if ((await super.list(path)) === undefined) return undefined;
    const all = [...this.nodes.keys(), ...this.folders].filter((each) => each.startsWith(`${path}/`));
    return [...new Set(all.map((each) => each.slice(path.length + 1).split("/")[0] ?? ""))].sort();
  }

  override async stat(path: string): Promise<FileStat | undefined> {
    const found = await super.stat(path);
    return this.folders.has(path) ? { kind: "folder", sizeBytes: 0, ours: true } : found;
  }

  override put(path: string, bytes: Uint8Array): void {
    super.put(path, bytes);
    for (let at = path; at.lastIndexOf("/") > 0; ) {
      at = at.slice(0, at.lastIndexOf("/"));
      this.folders.add(at);
    }
  }

  override watchFolder(path?: string, onChange?: (name: string | undefined) => void) {
    if (path !== undefined && onChange !== undefined) this.watched.set(path, onChange);
    return { close: () => void this.watched.delete(path ?? "") };
  }
}

export class Machine {
  readonly files = new FolderFiles();
  readonly self: ProcessIdentity = { pid: 7, startTime: "70", bootId: "boot", namespace: "ns" };
  /** Who runs, by pid. */
  readonly running = new Map<number, ProcessIdentity>();
  /** What runs with the marker of an attempt, or in its session. */
  kin: Kin[] = [];
  /** Of those the ones that have another marker than any attempt that is asked for. */
  readonly marks = new Map<number, string>();
  /** Folders of attempts whose FIFO somebody holds. */
  readonly held = new Set<string>();
  /** Every signal sent, as "pid SIGNAL". */
  readonly signals: string[] = [];
  /** Whom a signal ends. */
  ends: (pid: number, signal: string) => boolean = () => true;
  /** What agents were told over their stdin. */
  readonly inputs: string[] = [];
  readonly fenced: string[] = [];
  fence: "never-started" | "started" = "never-started";
  readonly started: AgentStart[] = [];
  start: (start: AgentStart) => void = () => undefined;
  /** What waits for the clock, in order. */
  readonly timers: { readonly delayMs: number; readonly callback: () => void; isCancelled: boolean }[] = [];
  readonly gone = new Map<string, () => void>();
  readonly reports: string[] = [];
  readonly idle: string[] = [];
  readonly over: string[] = [];
  #ids = 0xf0;
  nowMs = 1_000;

  readonly world: World = {
    files: this.files,
    processes: {
      self: this.self,
      identify: async (pid) => this.running.get(pid),
      kinOf: async (marker) =>
        this.kin.filter(
          ({ identity: { pid, startTime } }) =>
            this.running.get(pid)?.startTime === startTime && (this.marks.get(pid) ?? marker) === marker,
        ),
      signal: async ({ pid, startTime }, signal) => {
        this.signals.push(`${pid} ${signal}`);
        if (this.running.get(pid)?.startTime !== startTime) return false;
        if (this.ends(pid, signal)) this.running.delete(pid);
        return true;
      },
    },
    agents: {
      resolve: async (command) => command,
      start: async (start) => {
        this.start(start);
        this.started.push(start);
      },
      fence: async (folder) => {
        this.fenced.push(folder);
        return this.fence;
      },
      held: async (folder) => this.held.has(folder),
      whenGone: async (folder, onGone) => {
        this.gone.set(folder, onGone);
        return { close: () => void this.gone.delete(folder) };
      },
      input: async (_, bytes) => {
        this.inputs.push(new TextDecoder().decode(bytes));
        return true;
      },
    },
    clock: {
      now: () => this.nowMs,
      after: (delayMs, callback) => {
        const timer = { delayMs, callback, isCancelled: false };
        this.timers.push(timer);
        return {
          cancel: () => {
            timer.isCancelled = true;
          },
        };
      },
    },
    ids: { next: () => (this.#ids++).toString(16).padStart(16, "0") },
  };

  readonly config: OrchestratorConfig = {
    home,
    agentCommands: {},
    agentEnv: {},
    spoolBytesMax: 1_000_000,
    graceMs: 100,
    orphanWaitMs: 2_000,
  };

  constructor() {
    for (const path of ["/", home, cwd]) this.files.folders.add(path);
  }

  /** Folder of an attempt of the session. */
  attempt(number: number, session = id): string {
    return `${home}/sessions/${session}/attempts/${number}`;
  }

  /** Puts a file there, with its folders. */
  put(path: string, text: string): void {
    this.files.put(path, bytesOf(text));
  }

  /** An earlier life records all this and is gone. */
  async left(drafts: readonly Draft[]): Promise<void> {
    const { journal } = await takeOver(this.files, `${home}/journal`, {});
    await Promise.all(drafts.map(([type, data]) => journal.append(type, data)));
    await journal.close();
  }

  /** A life begins, on this machine as it is; `config` is another for it alone. */
  begin(config: Partial<OrchestratorConfig> = {}): Promise<Life> {
    return beginLife(
      this.world,
      { ...this.config, ...config },
      {
        onOver: (detail) => void this.over.push(detail),
        report: (message) => void this.reports.push(message),
        onIdle: async (_, session) => void this.idle.push(session.id),
      },
    );
  }

  /** As {@link begin}, until every session is answered for. */
  async recovered(config: Partial<OrchestratorConfig> = {}): Promise<Life> {
    const life = await this.begin(config);
    await life.ready;
    return life;
  }

  /** What lives of this server have recorded in segments from `generation` on, without the lives themselves. */
  async records(generation: number): Promise<[type: string, data: Record<string, unknown>][]> {
    const { records } = await readJournal(this.files, `${home}/journal`);
    return records
      .filter((one) => one.generation >= generation && one.type !== "life")
      .map(({ type, data }) => [type, data]);
  }

  /** Calls back what waits for the clock, once, also what was added meanwhile after that many rounds. */
  async pass(rounds = 1): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const { callback, isCancelled } of this.timers.splice(0)) if (!isCancelled) callback();
      await settled();
    }
  }
}

/** Everything that waits for nothing has happened. */
export const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

export const sessionOf = ({ context }: Life, session = id): SessionState => {
  const found = context.state.sessions.get(session);
  if (found === undefined) throw new Error(`There is no session ${session}.`);
  return found;
};

/** An agent lives that has said this; `pid`: its wrapper has noted who it is. */
export async function living(
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

/** Data of those of the records that are of this type. */
export const dataOf = (records: readonly [string, Record<string, unknown>][], wanted: string) =>
  records.filter(([type]) => type === wanted).map(([, data]) => data);

/** As {@link dataOf}, of the lives from `generation` on. */
export const recorded = async (machine: Machine, wanted: string, generation = 2) =>
  dataOf(await machine.records(generation), wanted);

/** The agent writes these words, and the system tells that `name` in its folder has changed. */
export function says(machine: Machine, words: string, name: string | undefined = "spool", attempt = 1) {
  machine.files.appendTo(`${machine.attempt(attempt)}/spool`, bytesOf(words));
  machine.files.watched.get(machine.attempt(attempt))?.(name);
}

/** A machine on which an earlier life left this, and the wrapper of attempt 1 these files. */
export async function left(drafts: readonly Draft[], files: Readonly<Record<string, string>> = {}) {
  const machine = new Machine();
  await machine.left(drafts);
  for (const [name, content] of Object.entries(files)) machine.put(`${machine.attempt(1)}/${name}`, content);
  return machine;
}

/** As {@link left}; the agent of attempt 1 said these lines. */
export const spoken = (drafts: readonly Draft[], lines: readonly string[] = half) =>
  left(drafts, { spool: text(...lines) });
