/**
 * A place for fake agents that are servers on stdin and stdout: a folder, gates that answer each turn's hello with a
 * script, and processes.
 *
 * Always: everything started here ends with `close`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { dir } from "tmp-promise";
import type { AgentConnection } from "../../harness/agent/agent-connection.ts";
import { GateServer } from "../../harness/agent/gate-server.ts";
import { bundleOnce } from "../../harness/launch/bundle.ts";
import { writeLauncher } from "../../harness/launch/launcher.ts";
import { type LedgerEntry, parseLedger } from "../../harness/ledger.ts";
import type { Script } from "../../harness/plan/plan.ts";
import { tokensOf } from "./stage.ts";

export interface ServedProcess {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
}

export class Served {
  /** What the next turn is to do. */
  script: Script;
  readonly folder: string;
  readonly #name: string;
  readonly #cleanup: () => Promise<void>;
  readonly #gates = new GateServer();
  readonly #turns: AgentConnection[] = [];
  readonly #children: ChildProcess[] = [];
  #cameTurn: () => void = () => undefined;

  private constructor(name: string, script: Script, folder: string, cleanup: () => Promise<void>) {
    this.#name = name;
    this.script = script;
    this.folder = folder;
    this.#cleanup = cleanup;
  }

  /** @param name the agent's executable, which tells the fake whom it plays. */
  static async open(name: string, script: Script): Promise<Served> {
    const { path, cleanup } = await dir({ unsafeCleanup: true, prefix: `holdfast-${name}-` });
    const served = new Served(name, script, path, cleanup);
    served.#gates.onAgent((turn) => served.#answer(turn));
    await served.#gates.listen(join(path, "gate"));
    return served;
  }

  #answer(turn: AgentConnection): void {
    this.#turns.push(turn);
    const { hello } = turn;
    turn.sendScript({
      session: 0,
      attempt: this.#turns.length,
      turn: 0,
      agentSessionId: hello.resume ?? hello.sessionId ?? "none",
      storeLag: "ada",
      script: this.script,
      tokens: tokensOf(this.script),
      ledgerPath: this.#ledgerPath(turn),
      mode: "lockstep",
    });
    this.#cameTurn();
  }

  async start(...args: string[]): Promise<ServedProcess> {
    const entry = fileURLToPath(new URL("../../harness/agent/main.ts", import.meta.url));
    const { agent } = await bundleOnce({ agent: entry }, join(this.folder, "bundle"));
    const { agentPath } = await writeLauncher({
      dir: join(this.folder, "bin"),
      name: this.#name,
      home: this.folder,
      agentBundle: agent,
      socketPath: join(this.folder, "gate"),
      runId: "t",
    });
    const child = spawn(agentPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.push(child);
    return { child, stdin: child.stdin, stdout: child.stdout };
  }

  /** The turn that `ask` begins, once it has said hello. */
  async turnOf<T>(ask: () => T): Promise<{ agent: AgentConnection; answer: T }> {
    const came = new Promise<void>((resolve) => {
      this.#cameTurn = resolve;
    });
    const answer = ask();
    await came;
    const agent = this.#turns.at(-1);
    if (agent === undefined) throw new Error("no turn said hello");
    return { agent, answer };
  }

  async ledger(turn: AgentConnection): Promise<LedgerEntry[]> {
    return parseLedger(await readFile(this.#ledgerPath(turn), "utf8"));
  }

  #ledgerPath({ hello }: AgentConnection): string {
    return join(this.folder, `${hello.nonce}.jsonl`);
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await this.#gates.close();
    await this.#cleanup();
  }
}

/** Releases gate by gate until the turn stands before the gate, or is gone. */
export async function passTo(turn: AgentConnection, event: string): Promise<void> {
  for (;;) {
    const at = await turn.nextPark();
    if (at === "gone" || at.event === event) return;
    turn.release();
  }
}
