/**
 * A place for one fake agent: temporary folders, a gate server, a launcher, and real processes.
 *
 * Always: everything started here ends with `close`. Steps are named as the harness names them: s0t0c0, s0t0c1, …
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { type AgentConnection, GateServer } from "../../harness/agent/gate-server.ts";
import type { ScriptMessage } from "../../harness/agent/protocol.ts";
import { numberReplies } from "../../harness/agent/steps.ts";
import { bundleOnce } from "../../harness/launch/bundle.ts";
import { writeLauncher } from "../../harness/launch/launcher.ts";
import { type LedgerEntry, parseLedger, type StepTokens } from "../../harness/ledger.ts";
import type { Call, Script } from "../../harness/plan/plan.ts";

export const plainCall: Call = { outcome: "append", resultChars: 40, style: "ascii" };

/** One reply a call, one call each. */
export function scriptOf(...calls: Partial<Call>[]): Script {
  return {
    replies: calls.map((call) => ({ calls: [{ ...plainCall, ...call }], parallel: false })),
    finalText: "All done.",
  };
}

export function tokensOf(script: Script, turn = 0): StepTokens[] {
  return numberReplies(script).flatMap(({ calls }) =>
    calls.map(({ number, call }) => ({
      step: `s0t${turn}c${number - 1}`,
      callToken: call.equalTo === undefined ? `c00000000000${number}` : `c00000000000${call.equalTo + 1}`,
      resultToken: `r0000000000${turn}${number}`,
      effectToken: `e0000000000${turn}${number}`,
    })),
  );
}

/** A started agent: its connection, its output so far, its end. */
export interface Started {
  readonly agent: AgentConnection;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ledger: () => LedgerEntry[];
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** The reading end, where stdout is a pipe. */
  readonly pipe: Readable | null;
  kill(): Promise<void>;
}

export interface StartOptions extends Partial<Omit<ScriptMessage, "kind" | "script">> {
  readonly script: Script;
  readonly prompt?: string;
  readonly resume?: string;
  /** `file` (default) collects stdout in a file; a number is a descriptor. */
  readonly stdout?: "file" | "pipe" | number;
}

export class Stage {
  readonly dir: string;
  readonly server = new GateServer();
  agentPath = "";
  workspace: string;
  ledgerDir: string;
  #forks = 0;
  #starts = 0;
  #running: Started[] = [];

  private constructor(dir: string) {
    this.dir = dir;
    this.workspace = path.join(dir, "workspace");
    this.ledgerDir = path.join(dir, "ledger");
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await mkdtemp(path.join(tmpdir(), "holdfast-fake-")));
    for (const name of ["workspace", "ledger"]) mkdirSync(path.join(stage.dir, name));
    await stage.server.listen(stage.socketPath);
    const entry = path.resolve(import.meta.dirname, "../../harness/agent/main.ts");
    const { ada } = await bundleOnce({ ada: entry }, path.join(stage.dir, "bundle"));
    const launcher = await writeLauncher({
      dir: path.join(stage.dir, "bin"),
      name: "ada",
      agentBundle: ada,
      socketPath: stage.socketPath,
      runId: "test-run",
    });
    stage.agentPath = launcher.agentPath;
    return stage;
  }

  get socketPath(): string {
    return path.join(this.dir, "gates.sock");
  }

  /** Starts the agent and answers its hello. */
  async start(options: StartOptions): Promise<Started> {
    const attempt = ++this.#starts;
    const ledgerPath = path.join(this.ledgerDir, `${attempt}.jsonl`);
    const outPath = path.join(this.dir, `stdout-${attempt}`);
    const errPath = path.join(this.dir, `stderr-${attempt}`);
    const { script, prompt = "please do it", resume, stdout = "file", ...order } = options;
    const out = stdout === "file" ? openSync(outPath, "a") : stdout;
    const err = openSync(errPath, "a");
    const args = ["--stream-json", "--auto-approve", "chat", prompt];
    const child = spawn(this.agentPath, resume === undefined ? args : [...args, "--resume", resume], {
      cwd: this.workspace,
      stdio: ["ignore", out, err],
      env: {},
    });
    const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    closeSync(err);
    if (stdout === "file" && typeof out === "number") closeSync(out);
    const agent = await new Promise<AgentConnection>((resolve) => {
      this.server.onAgent((arrived) => {
        if (arrived.hello.pid === child.pid) resolve(arrived);
      });
    });
    agent.sendScript({
      session: 0,
      attempt,
      turn: 0,
      agentSessionId: "session-1",
      storeLag: "ada",
      mode: "lockstep",
      tokens: tokensOf(script),
      ...order,
      script,
      ledgerPath,
    });
    const started: Started = {
      agent,
      exited,
      pipe: child.stdout,
      stdout: () => readFileSync(outPath, "utf8"),
      stderr: () => readFileSync(errPath, "utf8"),
      ledger: () => parseLedger(readFileSync(ledgerPath, "utf8")),
      kill: async () => {
        child.kill("SIGKILL");
        await exited;
        await agent.gone;
      },
    };
    this.#running.push(started);
    return started;
  }

  /** Goes on in a copy of `from`, so that one killed attempt can be resumed in several ways. */
  async fork(from: { readonly workspace: string; readonly ledgerDir: string }): Promise<void> {
    this.#forks += 1;
    const workspace = path.join(this.dir, `workspace-${this.#forks}`);
    const ledgerDir = path.join(this.dir, `ledger-${this.#forks}`);
    await cp(from.workspace, workspace, { recursive: true });
    await cp(from.ledgerDir, ledgerDir, { recursive: true });
    Object.assign(this, { workspace, ledgerDir });
  }

  async log(): Promise<Record<string, unknown>[]> {
    return jsonLines(await this.file(".coding-agent/events/session-1.jsonl"));
  }

  async snapshot(): Promise<{ messages: unknown[] } & Record<string, unknown>> {
    return JSON.parse(await this.file(".coding-agent/sessions/session-1.json"));
  }

  /** Effect tokens in the workspace, in order. */
  async effects(): Promise<string[]> {
    const text = await this.file("effects.log").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  file(name: string): Promise<string> {
    return readFile(path.join(this.workspace, name), "utf8");
  }

  async close(): Promise<void> {
    await this.server.close();
    await Promise.all(this.#running.map(({ exited }) => exited));
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Releases gate by gate until the agent is gone; returns the events in order. */
export async function walk(started: Started): Promise<string[]> {
  const events: string[] = [];
  for (;;) {
    const park = await started.agent.nextPark();
    if (park === "gone") return events;
    events.push(park.event);
    started.agent.release();
  }
}

/** Releases gate by gate until the agent stands before the gate. */
export async function walkTo(started: Started, event: string): Promise<void> {
  for (;;) {
    const park = await started.agent.nextPark();
    if (park === "gone") throw new Error(`the agent ended before ${event}: ${started.stderr()}`);
    if (park.event === event) return;
    started.agent.release();
  }
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
