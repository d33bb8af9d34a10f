/**
 * The wrapper between server and agent, and the agents port over it, in memory.
 *
 * Always as `src/host/wrapper.ts`: it holds the FIFOs before it claims the start marker; `pid` and `exit` appear
 * whole; the agent holds stdin too. Each step is a point at which anything else may happen, or it may be killed.
 */
import type { Computer, MemoryProcess } from "./computer.ts";
import { FifoNode, FileNode } from "./nodes.ts";
import { type AgentStart, type Agents, IoError } from "./ports.ts";

/** Runs the executable in a process that the wrapper has made; resolves never, ends by ending the process. */
export type RunAgent = (process: MemoryProcess, start: AgentStart, spool: FileNode) => void;

/** Who holds the FIFOs of an attempt. */
interface Holders {
  readonly stdin: Set<MemoryProcess>;
  wrapper: MemoryProcess | undefined;
  readonly onGone: Set<() => void>;
}

export class Wrappers {
  readonly #computer: Computer;
  readonly #agentPath: string;
  readonly #run: RunAgent;
  readonly #holders = new Map<string, Holders>();

  constructor(computer: Computer, agentPath: string, run: RunAgent) {
    this.#computer = computer;
    this.#agentPath = agentPath;
    this.#run = run;
  }

  /** The agents port of one server life. */
  portFor(life: MemoryProcess): Agents {
    const { calls, disk } = this.#computer;
    const call = <T>(op: string, path: string, whole: () => T) => calls.call(life.owner, { op, path, whole });
    return {
      resolve: (command) => call("resolve", "", () => (command === this.#agentPath ? command : undefined)),
      start: (start) => call("startAgent", start.folder, () => this.#start(life, start)),
      fence: (folder) =>
        call("fence", `${folder}/started`, () => {
          const file = new FileNode();
          const added = disk.add(`${folder}/started`, file);
          if (added === "no-folder") throw new IoError("ENOENT", `${folder}/started`, "create");
          if (added === "exists") return "started";
          disk.append(`${folder}/started`, file, text("fenced\n"));
          return "never-started";
        }),
      held: (folder) => call("held", folder, () => this.#isHeld(folder)),
      whenGone: (folder, onGone) =>
        call("whenGone", folder, () => {
          const holders = this.#holders.get(folder);
          const tell = () => this.#computer.scheduler.push(life.owner, onGone);
          if (holders?.wrapper === undefined) {
            tell();
            return { close: () => undefined };
          }
          holders.onGone.add(tell);
          return { close: () => void holders.onGone.delete(tell) };
        }),
      input: (folder) => call("input", folder, () => this.#isHeld(folder)),
    };
  }

  #isHeld(folder: string): boolean {
    return (
      this.#computer.disk.at(`${folder}/stdin`) instanceof FifoNode &&
      (this.#holders.get(folder)?.stdin.size ?? 0) > 0
    );
  }

  #start(life: MemoryProcess, start: AgentStart): void {
    const { scheduler } = this.#computer;
    const wrapper = this.#computer.spawn(life);
    const { owner } = wrapper;
    wrapper.onEnd = () => this.#wrapperGone(start.folder, wrapper);
    const steps = [
      () => this.#hold(start.folder, wrapper),
      () => this.#claim(start.folder, wrapper),
      () => this.#startAgent(start, wrapper),
    ];
    const next = () => {
      steps.shift()?.();
      if (steps.length > 0) scheduler.push(owner, next);
    };
    scheduler.push(owner, next);
  }

  #hold(folder: string, wrapper: MemoryProcess): void {
    const { disk } = this.#computer;
    const there = ["stdin", "alive"].every((name) => disk.at(`${folder}/${name}`) instanceof FifoNode);
    if (!there) {
      this.#computer.end(wrapper, 70, null);
      return;
    }
    const holders = this.#holders.get(folder) ?? {
      stdin: new Set<MemoryProcess>(),
      wrapper: undefined,
      onGone: new Set<() => void>(),
    };
    this.#holders.set(folder, holders);
    holders.stdin.add(wrapper);
    holders.wrapper = wrapper;
  }

  #claim(folder: string, wrapper: MemoryProcess): void {
    const { disk } = this.#computer;
    const marker = new FileNode();
    if (disk.add(`${folder}/started`, marker) !== "added") {
      this.#computer.end(wrapper, 75, null);
      return;
    }
    disk.append(`${folder}/started`, marker, text(`${wrapper.identity.pid}\n`));
  }

  #startAgent(start: AgentStart, wrapper: MemoryProcess): void {
    const { disk } = this.#computer;
    const path = `${start.folder}/spool`;
    const there = disk.at(path);
    const spool = there instanceof FileNode ? there : new FileNode();
    if (there === undefined) disk.add(path, spool);
    const agent = this.#computer.spawn(wrapper);
    this.#holders.get(start.folder)?.stdin.add(agent);
    agent.onEnd = ({ code, signal }) => {
      this.#holders.get(start.folder)?.stdin.delete(agent);
      const status = code ?? (signal === "SIGTERM" ? 143 : 137);
      this.#note(start.folder, "exit", `${status}\n`, wrapper, () => this.#computer.end(wrapper, 0, null));
    };
    this.#run(agent, start, spool);
    this.#note(start.folder, "pid", `${agent.identity.pid}\n`, wrapper, () => undefined);
  }

  /** Written beside and renamed, so that it appears whole. */
  #note(folder: string, name: string, content: string, wrapper: MemoryProcess, then: () => void): void {
    const { disk, scheduler } = this.#computer;
    scheduler.push(wrapper.owner, () => {
      const path = `${folder}/${name}.tmp`;
      const file = new FileNode();
      if (disk.add(path, file) === "added") disk.append(path, file, text(content));
      scheduler.push(wrapper.owner, () => {
        disk.rename(path, `${folder}/${name}`);
        then();
      });
    });
  }

  #wrapperGone(folder: string, wrapper: MemoryProcess): void {
    const holders = this.#holders.get(folder);
    if (holders === undefined) return;
    holders.stdin.delete(wrapper);
    if (holders.wrapper !== wrapper) return;
    holders.wrapper = undefined;
    for (const tell of holders.onGone) tell();
    holders.onGone.clear();
  }
}

function text(content: string): Uint8Array {
  return Buffer.from(content);
}
