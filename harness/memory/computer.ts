/**
 * The computer in memory: a disk, a process table, a boot id, time, and chance, all from one seed.
 *
 * Always: a process is alive or dead at once; a power cut ends all of them and leaves the disk as the model says.
 * Never: anything of the real machine is touched.
 */
import type { LedgerEntry } from "../ledger.ts";
import type { JsonAnswer } from "../subject/http.ts";
import { type CallHooks, Calls } from "./calls.ts";
import { Disk } from "./disk.ts";
import type { Watchers } from "./files.ts";
import type { Looks } from "./looks.ts";
import { FileNode, type FolderNode } from "./nodes.ts";
import type { Processes, ProcessIdentity } from "./ports.ts";
import { Random } from "./random.ts";
import { Owner, Scheduler } from "./scheduler.ts";

/** One process. */
export interface MemoryProcess {
  readonly identity: ProcessIdentity;
  readonly owner: Owner;
  /** Of whom it was started; a child whose parent is gone has none. */
  readonly parent: MemoryProcess | undefined;
  /** Called at the moment of its end, whatever ended it. */
  onEnd: (end: { readonly code: number | null; readonly signal: string | null }) => void;
  /** Called at SIGTERM; without it the signal ends the process. */
  onTerm: (() => void) | undefined;
}

/** 2026-01-01: nothing may depend on it. */
const epochMs = 1_767_225_600_000;

export class Computer implements Watchers {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly calls: Calls;
  readonly disk: Disk;
  /** The wires between processes: nobody's life. */
  readonly network = new Owner();
  /** The harness. */
  driver = new Owner();
  /** Outside the disk: no power cut reaches them. */
  readonly ledgers = new Map<string, LedgerEntry[]>();
  /** What clients were answered last, by what they had asked for. */
  readonly answers = new Map<string, JsonAnswer>();
  readonly #processes = new Map<number, MemoryProcess>();
  readonly #watches = new Map<string, Set<(name: string) => void>>();
  readonly #ids: Random;
  #boot = 1;
  #pid = 1_000;

  constructor(seed: number, hooks: CallHooks) {
    this.random = new Random(seed);
    this.#ids = new Random(seed ^ 0x5bd1e995);
    this.scheduler = new Scheduler(this.random);
    this.calls = new Calls(this.scheduler);
    this.calls.hooks = hooks;
    this.disk = new Disk((folder, name) => this.#changed(folder, name));
  }

  get nowMs(): number {
    return epochMs + Math.floor(this.scheduler.nowMs);
  }

  /** Ids, tokens and nonces come from a source of their own, so that they do not move with the order of things. */
  randomHex(bytes: number): string {
    return this.#ids.hex(bytes);
  }

  /** From here on chance is that of another seed. */
  reseed(seed: number): void {
    this.random.reseed(seed);
    this.#ids.reseed(seed ^ 0x5bd1e995);
  }

  get bootId(): string {
    return `boot-${this.#boot}`;
  }

  /** Another driver takes over: what the one before it waited for never comes. */
  newDriver(): void {
    this.driver.dead = true;
    this.driver = new Owner();
  }

  spawn(parent: MemoryProcess | undefined): MemoryProcess {
    this.#pid += 1;
    const pid = this.#pid;
    const identity = { pid, startTime: String(pid * 10), bootId: this.bootId, namespace: "pid:[1]" };
    const made: MemoryProcess = {
      identity,
      owner: new Owner(),
      parent,
      onEnd: () => undefined,
      onTerm: undefined,
    };
    this.#processes.set(pid, made);
    return made;
  }

  process(pid: number): MemoryProcess | undefined {
    return this.#processes.get(pid);
  }

  end(process: MemoryProcess, code: number | null, signal: string | null): void {
    if (!this.#processes.delete(process.identity.pid)) return;
    process.owner.dead = true;
    process.onEnd({ code, signal });
  }

  /** As kill(2), to whoever it is: false when there is no such process. */
  signal(pid: number, signal: string): boolean {
    const process = this.#processes.get(pid);
    if (process === undefined) return false;
    if (signal === "SIGSTOP") this.scheduler.freeze(process.owner, true);
    else if (signal === "SIGCONT") this.scheduler.freeze(process.owner, false);
    else if (signal === "SIGTERM" && process.onTerm !== undefined) {
      this.scheduler.push(process.owner, process.onTerm);
    } else this.end(process, null, signal);
    return true;
  }

  /** SIGKILL to a process and all that descend from it. */
  killTree(pid: number): void {
    const root = this.#processes.get(pid);
    if (root === undefined) return;
    const doomed = [...this.#processes.values()].filter((one) => descends(one, root));
    for (const one of doomed) this.end(one, null, "SIGKILL");
  }

  /** All processes are gone at once, the disk is as given (as it is, without), and the machine is booted again. */
  powerCut(root: FolderNode | undefined, looks?: Looks): void {
    for (const one of this.#processes.values()) one.owner.dead = true;
    for (const one of [...this.#processes.values()]) this.end(one, null, "power");
    this.#watches.clear();
    if (root !== undefined) this.disk.restore(root, looks);
    this.#boot += 1;
  }

  processesFor(self: MemoryProcess): Processes {
    const call = <T>(op: string, whole: () => T) => this.calls.call(self.owner, { op, path: "", whole });
    return {
      self: self.identity,
      identify: (pid) => call("identify", () => this.#processes.get(pid)?.identity),
      // Agents in memory start no processes.
      kinOf: () => call("kinOf", () => []),
      signal: ({ pid, startTime, bootId }, signal) =>
        call("signal", () => {
          const there = this.#processes.get(pid)?.identity;
          return there?.startTime === startTime && there.bootId === bootId && this.signal(pid, signal);
        }),
    };
  }

  /** Told once of all that changes until it is its turn, name by name. */
  watch(life: Owner, folder: string, onChange: (name: string) => void): { close(): void } {
    const pending = new Set<string>();
    const tell = (name: string) => {
      if (life.dead) return;
      pending.add(name);
      if (pending.size > 1) return;
      this.scheduler.push(life, () => {
        const names = [...pending];
        pending.clear();
        // A watch that is closed tells nothing, of what was before neither.
        for (const one of names) if (watches.has(tell)) onChange(one);
      });
    };
    const watches = this.#watches.get(folder) ?? new Set();
    this.#watches.set(folder, watches);
    watches.add(tell);
    return { close: () => void watches.delete(tell) };
  }

  fileText(path: string): string | undefined {
    const node = this.disk.at(path);
    return node instanceof FileNode ? Buffer.from(node.content).toString("utf8") : undefined;
  }

  #changed(folder: string, name: string): void {
    for (const tell of this.#watches.get(folder) ?? []) tell(name);
  }
}

function descends(process: MemoryProcess, root: MemoryProcess): boolean {
  for (let at: MemoryProcess | undefined = process; at !== undefined; at = at.parent)
    if (at === root) return true;
  return false;
}
