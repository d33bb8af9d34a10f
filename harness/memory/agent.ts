/**
 * The fake agent as a process in memory: the same script, words, store and ledger as the executable's.
 *
 * Always: what it does between two gates is done at once; killed, it does nothing more.
 */
import path from "node:path";
import { AdaStore } from "../agent/ada-store.ts";
import { AgentConnection } from "../agent/agent-connection.ts";
import { runAttempt } from "../agent/attempt.ts";
import { parseCommandLine } from "../agent/command-line.ts";
import { agentDefectExitCode, harnessGoneExitCode } from "../agent/constants.ts";
import { Gates, type HarnessLine } from "../agent/gates.ts";
import type { Ledger, LedgerDraft } from "../agent/ledger-writer.ts";
import type { AgentMachine } from "../agent/machine.ts";
import type { AgentMessage, HarnessMessage, ScriptMessage } from "../agent/protocol.ts";
import { Stdout, StdoutLostError } from "../agent/stdout.ts";
import type { LedgerEntry } from "../ledger.ts";
import type { Computer, MemoryProcess } from "./computer.ts";
import { FileNode, FolderNode } from "./nodes.ts";
import type { AgentStart } from "./ports.ts";

/** Runs the fake agent's executable in `process`; `accept` takes its connection to the harness. */
export function runMemoryAgent(
  computer: Computer,
  accept: (connection: AgentConnection) => void,
  process: MemoryProcess,
  start: AgentStart,
  spool: FileNode,
): void {
  const line = parseCommandLine(start.args);
  if (line.kind !== "chat") {
    const code = line.kind === "version" ? 0 : 1;
    computer.scheduler.push(process.owner, () => computer.end(process, code, null));
    return;
  }
  const wire = new Wire(computer, process);
  const machine = agentMachine(computer, process, start, spool);
  const nonce = computer.randomHex(8);
  const { pid, startTime } = process.identity;
  const hello = {
    kind: "hello" as const,
    nonce,
    pid,
    startTime,
    argv: [...start.args],
    cwd: start.cwd,
    prompt: line.prompt,
    ...(line.resume === undefined ? {} : { resume: line.resume }),
  };
  wire.onScript = (order) => {
    const identity = { nonce, pid, startTime };
    live(computer, process, { wire, machine, order, identity, line, start }).then(
      (code) => wire.leave(code),
      () => undefined,
    );
  };
  const wrapperToldOf = process.onEnd;
  process.onEnd = (end) => {
    wrapperToldOf(end);
    wire.gone();
  };
  // The agent is there before it is heard of.
  computer.scheduler.push(process.owner, () => wire.connect(new AgentConnection(wire, hello), accept));
}

interface Life {
  readonly wire: Wire;
  readonly machine: AgentMachine;
  readonly order: ScriptMessage;
  readonly identity: { readonly nonce: string; readonly pid: number; readonly startTime: string };
  readonly line: {
    readonly prompt: string;
    readonly resume: string | undefined;
    readonly model: string | undefined;
  };
  readonly start: AgentStart;
}

async function live(
  computer: Computer,
  process: MemoryProcess,
  { wire, machine, order, identity, line, start }: Life,
): Promise<number> {
  const sessionId = line.resume ?? order.agentSessionId;
  const isResume = line.resume !== undefined;
  const pausesMs = order.free?.pausesMs ?? [];
  const ledger = new MemoryLedger(computer, order.ledgerPath, process);
  const gates = new Gates({ client: wire, ledger, machine, isLockstep: order.mode === "lockstep", pausesMs });
  const stdout = new Stdout({
    ledger,
    machine,
    writes: order.free?.writes ?? "line",
    variation: pausesMs,
    onSettled: ({ nth, event }) => gates.after(nth, event),
    onBlocked: (event) => wire.send({ kind: "blocked", event }),
  });
  const { session, turn, attempt } = order;
  ledger.add({
    kind: "start",
    ...identity,
    session,
    attempt,
    turn,
    agentSessionId: sessionId,
    resumed: isResume,
    argv: [...start.args],
    stdout: stdout.kind,
  });
  const store = AdaStore.isSessionId(sessionId)
    ? new AdaStore(start.cwd, sessionId, ledger, machine)
    : undefined;
  const earlierCallIds = () => callIdsBefore(computer, order.ledgerPath);
  const { prompt, model = "holdfast/fake" } = line;
  const common = { order, sessionId, isResume, prompt, model, cwd: start.cwd, store, machine };
  try {
    const code = await runAttempt({ ...common, stdout, ledger, gates, earlierCallIds });
    ledger.add({ kind: "exit", code, why: code === 0 ? "end of turn" : "session not found" });
    return code;
  } catch (error) {
    if (process.owner.dead) throw error;
    const code = error instanceof StdoutLostError ? 1 : agentDefectExitCode;
    ledger.add({ kind: "exit", code, why: error instanceof Error ? error.message : String(error) });
    return code;
  }
}

/** The line between an agent and the harness, both ends. What one end says reaches the other in order, later. */
class Wire implements HarnessLine {
  readonly writable = true;
  isRunningOn = false;
  onScript: (order: ScriptMessage) => void = () => undefined;
  readonly #computer: Computer;
  readonly #process: MemoryProcess;
  readonly #toHarness: (() => void)[] = [];
  #connection: AgentConnection | undefined;
  #release: (() => void) | undefined;

  constructor(computer: Computer, process: MemoryProcess) {
    this.#computer = computer;
    this.#process = process;
  }

  connect(connection: AgentConnection, accept: (connection: AgentConnection) => void): void {
    this.#connection = connection;
    this.#deliver(() => accept(connection));
  }

  /** From the harness. */
  write(message: string): void {
    this.#computer.scheduler.push(this.#process.owner, () => this.#handle(JSON.parse(message)));
  }

  /** The harness closes the line: the agent ends. */
  destroy(): this {
    const { scheduler } = this.#computer;
    const end = () => this.#computer.end(this.#process, harnessGoneExitCode, null);
    scheduler.push(this.#process.owner, end);
    return this;
  }

  send(message: AgentMessage): void {
    this.#deliver(() => this.#connection?.take(message));
  }

  park(nth: number, event: string): Promise<void> {
    return new Promise((resolve) => {
      this.#release = resolve;
      this.send({ kind: "park", nth, event });
    });
  }

  leave(code: number): void {
    this.#computer.scheduler.push(this.#process.owner, () => this.#computer.end(this.#process, code, null));
  }

  /** The process is gone: the harness learns it after everything that was said. */
  gone(): void {
    if (this.#connection !== undefined) this.#deliver(() => this.#connection?.ended());
  }

  #handle(message: HarnessMessage): void {
    if (message.kind === "script") {
      this.onScript(message);
      return;
    }
    if (message.kind === "run-on") this.isRunningOn = true;
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  #deliver(what: () => void): void {
    this.#toHarness.push(what);
    this.#computer.scheduler.push(this.#computer.network, () => this.#toHarness.shift()?.());
  }
}

class MemoryLedger implements Ledger {
  readonly #computer: Computer;
  readonly #entries: LedgerEntry[] = [];
  readonly #process: MemoryProcess;

  constructor(computer: Computer, ledgerPath: string, process: MemoryProcess) {
    this.#computer = computer;
    this.#process = process;
    computer.ledgers.set(ledgerPath, this.#entries);
  }

  add(draft: LedgerDraft): void {
    assertAlive(this.#process);
    this.#entries.push({ ...draft, t: this.#computer.scheduler.monotonic() });
  }
}

function callIdsBefore(computer: Computer, ledgerPath: string): Map<string, string[]> {
  const idsByStep = new Map<string, string[]>();
  for (const [name, entries] of computer.ledgers) {
    if (name === ledgerPath) continue;
    for (const entry of entries) {
      if (!("callId" in entry) || entry.callId === undefined || entry.step === undefined) continue;
      const ids = idsByStep.get(entry.step) ?? [];
      if (!ids.includes(entry.callId)) ids.push(entry.callId);
      idsByStep.set(entry.step, ids);
    }
  }
  return idsByStep;
}

function agentMachine(
  computer: Computer,
  process: MemoryProcess,
  start: AgentStart,
  spool: FileNode,
): AgentMachine {
  const { disk, scheduler } = computer;
  const spoolPath = `${start.folder}/spool`;
  const fileAt = (file: string): FileNode => {
    assertAlive(process);
    const there = disk.at(file);
    if (there instanceof FileNode) return there;
    const made = new FileNode();
    if (disk.add(file, made) !== "added") throw new Error(`${file} cannot be made`);
    return made;
  };
  return {
    stdout: {
      kind: "file",
      write: (bytes) => {
        assertAlive(process);
        disk.append(spoolPath, spool, bytes);
        return bytes.length;
      },
    },
    readText: (file) => {
      const content = computer.fileText(file);
      if (content === undefined) throw new Error(`${file} is missing`);
      return content;
    },
    appendText: (file, content) => disk.append(file, fileAt(file), Buffer.from(content)),
    writeText: (file, content) => {
      const node = fileAt(file);
      // An overwrite empties the file first, and a power cut may come between.
      if (node.content.length > 0) disk.replace(file, node, new Uint8Array());
      disk.append(file, node, Buffer.from(content));
    },
    sizeOf: (file) => {
      const node = disk.at(file);
      return node instanceof FileNode ? node.content.length : 0;
    },
    makeFolder: (folder) => {
      const parent = path.dirname(folder);
      if (disk.at(parent) === undefined) disk.add(parent, new FolderNode());
      if (disk.at(folder) === undefined) disk.add(folder, new FolderNode());
    },
    randomHex: (bytes) => computer.randomHex(bytes),
    timestamp: () => new Date(computer.nowMs).toISOString(),
    sleep: (ms) =>
      new Promise((resolve) => {
        if (ms > 0) scheduler.after(process.owner, ms, () => resolve());
        else scheduler.push(process.owner, () => resolve());
      }),
    after: (ms, callback) => scheduler.after(process.owner, ms, callback),
    complain: () => undefined,
  };
}

/** A dead process's handles throw. */
function assertAlive(process: MemoryProcess): void {
  if (process.owner.dead) throw new Error("This process is dead.");
}
