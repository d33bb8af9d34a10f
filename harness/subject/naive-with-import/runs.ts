/**
 * The naive orchestrator's runs: agents as children on pipes, known to a Map in memory and to nothing else.
 *
 * Each event is shown at once and written when the next one arrives; the last one is written at the turn's end,
 * with the snapshot. So a kill always loses exactly the event that was shown last.
 */
import type { Readable } from "node:stream";
import type { AgentChild as ChildProcess, HeldAgent, Hold, HoldEntry, SpawnOptions } from "holdfast/hold";
import type { NaiveEvent, Store } from "./store.ts";

/** One agent at work. */
interface Run {
  readonly child: ChildProcess;
  /** Shown, and not written yet. */
  pending: NaiveEvent | undefined;
}

export class Runs {
  readonly #store: Store;
  readonly #agentPath: string;
  /** Which runs are live: gone with the process. */
  readonly live = new Map<string, Run>();

  constructor(store: Store, agentPath: string) {
    this.#store = store;
    this.#agentPath = agentPath;
  }

  /** Starts an agent on the session, where none is at work on it already. */
  start(hold: Hold, id: string, prompt: string, more: Partial<SpawnOptions>) {
    return hold.spawn(this.#agentPath, agentArgs, { ...more, session: id, prompt });
  }

  /** Follows an agent, started now or taken back. */
  follow({ session: { id }, child, prompt }: HeldAgent): void {
    const run: Run = { child, pending: undefined };
    this.live.set(id, run);
    if (prompt !== undefined) this.#emit(id, run, { type: "user.message", text: prompt });
    eachLine(child.stdout, (line) => this.#emit(id, run, parse(line)));
    child.on("error", (error) => this.#emit(id, run, { type: "error", text: error.message }));
    child.on("close", () => this.#end(id, run));
  }

  /** Asks the session's agent to end; false when the Map has none. */
  stop(id: string): boolean {
    return this.live.get(id)?.child.kill("SIGTERM") ?? false;
  }

  /** What can be shown of one thing on record. */
  event(entry: HoldEntry): NaiveEvent {
    if (entry.kind === "line") return parse(entry.text);
    return { ...entry, type: entry.kind === "prompt" ? "user.message" : entry.kind };
  }

  #emit(id: string, run: Run, event: NaiveEvent): void {
    if (run.pending !== undefined) this.#store.append(id, run.pending);
    run.pending = event;
    if (event.type === "run.started" && typeof event.sessionId === "string") this.#save(id, event.sessionId);
  }

  #end(id: string, run: Run): void {
    if (run.pending !== undefined) this.#store.append(id, run.pending);
    run.pending = undefined;
    if (this.live.get(id) === run) this.live.delete(id);
    this.#save(id, undefined);
  }

  #save(id: string, agentSessionId: string | undefined): void {
    const session = this.#store.session(id);
    if (session === undefined) return;
    const events = this.#store.events(id).length;
    this.#store.save({ ...session, events, ...(agentSessionId === undefined ? {} : { agentSessionId }) });
  }
}

function agentArgs({ prompt, resume }: { prompt: string; resume?: string | undefined }): string[] {
  const args = ["--stream-json", "--auto-approve", "--model", "fake/model", "chat", prompt];
  return resume === undefined ? args : [...args, "--resume", resume];
}

/** Splits at newlines only: a line separator inside a JSON string (U+2028) is no end of a line. */
function eachLine(input: Readable, onLine: (line: string) => void): void {
  let rest = "";
  input.setEncoding("utf8");
  input.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLine(line);
  });
  input.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

function parse(line: string): NaiveEvent {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === "object" && event !== null && "type" in event && typeof event.type === "string") {
      return { ...event, type: event.type };
    }
  } catch {
    // Shown as it is, below.
  }
  return { type: "stderr", text: line };
}
