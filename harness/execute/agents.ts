/**
 * The fake agents of a run: which session and turn each was started for, where it is parked, when it is gone.
 *
 * Always: an agent is known by its ledger nonce; the session follows from its resume id or the turn marker in
 * its prompt, as a real agent would know it.
 */
import path from "node:path";
import type { AgentConnection } from "../agent/agent-connection.ts";
import { turnOf } from "../agent/asked.ts";
import type { LedgerEntry, StepTokens } from "../ledger.ts";
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "./machine.ts";
import type { Recorder } from "./recorder.ts";
import { stepPlace } from "./tokens.ts";

/** One start of a fake agent. */
export interface AgentRun {
  readonly session: number;
  /** 1, 2, … within the plan session. */
  readonly attempt: number;
  readonly turn: number;
  readonly nonce: string;
  readonly pid: number;
  readonly startTime: string;
  readonly ledgerPath: string;
  readonly connection: AgentConnection;
  /**
   * A turn in a process that serves the orchestrator over a pipe: its session had an id before it had a prompt, its
   * end is not the process's, and the process ends with its server.
   */
  readonly served: boolean;
  /** Events met since the start, the parked one included (free plans: passed). */
  met: number;
  gone: boolean;
  /** Waits in a write on a pipe that nobody reads. */
  blocked: boolean;
}

export class Agents {
  readonly runs: AgentRun[] = [];
  /** Plan session of each agent session id given out. */
  private readonly sessionOfId = new Map<string, number>();
  private readonly changed = new Set<() => void>();

  constructor(
    private readonly plan: Plan,
    private readonly tokens: readonly StepTokens[],
    private readonly ledgerDir: string,
    private readonly recorder: Recorder,
    private readonly machine: Pick<Machine, "after" | "ledger" | "randomUuid">,
  ) {}

  readonly sessionOf = (agentSessionId: string): number | undefined => this.sessionOfId.get(agentSessionId);

  /** Takes an agent that said hello, and tells it its part. */
  accept(connection: AgentConnection): void {
    const { hello } = connection;
    const marked = turnOf(hello.prompt);
    const session =
      (hello.resume === undefined ? undefined : this.sessionOf(hello.resume)) ?? marked?.session ?? 0;
    const planned = this.plan.sessions[session];
    if (planned === undefined) {
      connection.end();
      return;
    }
    const turn = Math.min(marked?.session === session ? marked.turn : 0, planned.turns.length - 1);
    const script = planned.turns[turn]?.script;
    if (script === undefined) {
      connection.end();
      return;
    }
    const attempt = this.runs.filter((run) => run.session === session).length + 1;
    const agentSessionId = hello.resume ?? hello.sessionId ?? this.machine.randomUuid();
    this.sessionOfId.set(agentSessionId, session);
    const { nonce, pid, startTime } = hello;
    const ledgerPath = path.join(this.ledgerDir, `${nonce}.jsonl`);
    const run: AgentRun = {
      session,
      attempt,
      turn,
      nonce,
      pid,
      startTime,
      ledgerPath,
      connection,
      served: hello.served === true,
      met: 0,
      gone: false,
      blocked: false,
    };
    this.runs.push(run);
    connection.onPassed(() => this.count(run));
    connection.onBlocked(() => {
      run.blocked = true;
      this.notify();
    });
    void connection.gone.then(() => {
      run.gone = true;
      this.recorder.record({ kind: "agent-exit", session, attempt });
      this.notify();
    });
    this.recorder.record({ kind: "agent-hello", session, attempt, pid, nonce });
    connection.sendScript({
      session,
      attempt,
      turn,
      agentSessionId,
      storeLag: planned.storeLag,
      script,
      tokens: this.tokens.filter(({ step }) => {
        const place = stepPlace(step);
        return place.session === session && place.turn <= turn;
      }),
      ledgerPath,
      mode: this.plan.mode,
      ...(this.plan.free === undefined ? {} : { free: this.plan.free }),
    });
    this.notify();
    void this.nextGate(run);
  }

  /** Lets a parked agent pass its gate; its next one is counted when it stands there. */
  release(run: AgentRun): void {
    run.connection.release();
    void this.nextGate(run);
  }

  private async nextGate(run: AgentRun): Promise<void> {
    if ((await run.connection.nextPark()) !== "gone") this.count(run);
  }

  private count(run: AgentRun): void {
    run.met += 1;
    run.blocked = false;
    this.notify();
  }

  /** Agents that run, of one session or of all, oldest first. */
  alive(session?: number): AgentRun[] {
    return this.runs.filter((run) => !run.gone && (session === undefined || run.session === session));
  }

  /** Gates met by a session since the start of the run. */
  met(session: number): number {
    return this.runs.filter((run) => run.session === session).reduce((sum, run) => sum + run.met, 0);
  }

  /** Resolves true as soon as the condition holds, asked again at every change; false after `limitMs`. */
  when(condition: () => boolean, limitMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const ask = () => {
        if (!condition()) return;
        limit.cancel();
        this.changed.delete(ask);
        resolve(true);
      };
      const limit = this.machine.after(limitMs, () => {
        this.changed.delete(ask);
        resolve(false);
      });
      this.changed.add(ask);
    });
  }

  /** Nobody waits any more: whoever did is not there. */
  forget(): void {
    this.changed.clear();
  }

  /** Wakes everybody who waits for a condition. */
  notify(): void {
    for (const ask of [...this.changed]) ask();
  }

  /** What the agent has written about itself so far. */
  ledger(run: AgentRun): Promise<readonly LedgerEntry[]> {
    return this.machine.ledger(run.ledgerPath);
  }
}
