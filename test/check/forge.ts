/**
 * Forges the record of a run of a perfect orchestrator, act by act, so that tests can break it in one place.
 *
 * Always: files, ledger, history and effects agree with each other; the perfect orchestrator's words come from
 * what the forge did, never from the oracle's readers.
 */
import type { CutFile, DiskCut, HistoryEntry, RunRecord } from "../../harness/history.ts";
import type { LedgerEntry, StepTokens } from "../../harness/ledger.ts";
import type { Call, FaultKind, Plan, Round } from "../../harness/plan/plan.ts";
import type {
  Abilities,
  ObservedCall,
  ObservedFlag,
  ObservedSession,
  Shown,
} from "../../harness/subject/contract.ts";
import { ForgedAgent } from "./forge-agent.ts";

export const call = (more: Partial<Call> = {}): Call => ({
  outcome: "append",
  resultChars: 40,
  style: "ascii",
  ...more,
});

export const kill = (target: "server" | "agent" | "both"): FaultKind => ({ kind: "kill", target });

export const round = (fault: FaultKind, session = 0): Round => ({
  at: { session, nth: 5 },
  position: "unsent",
  fault,
  orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 },
  damage: [],
});

export interface ForgeOptions {
  /** Calls of each session, one reply each. */
  readonly sessions?: readonly (readonly Call[])[];
  readonly rounds?: readonly Round[];
  readonly storeLag?: "ada" | "log-behind";
  readonly pipe?: boolean;
  readonly can?: Partial<Abilities>;
}

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** One session as the forge knows it. */
interface ForgedSession {
  readonly id: string;
  readonly log: Set<string>;
  readonly held: Set<string>;
  readonly snapshot: Set<string>;
  readonly history: Shown[];
  readonly calls: Map<string, Mutable<ObservedCall>>;
  readonly flags: Mutable<ObservedFlag>[];
  prompts: number;
  /** Events of the history that the client has been shown. */
  shown: number;
  attempts: ForgedAgent[];
}

export class Forge {
  readonly plan: Plan;
  readonly tokens: StepTokens[] = [];
  readonly history: HistoryEntry[] = [];
  readonly ledgers: LedgerEntry[][] = [];
  readonly cuts: DiskCut[] = [];
  readonly sessions: ForgedSession[];
  readonly files = new Map<string, { role: CutFile["role"]; session: number; text: string }>();
  effects = "";
  isServerUp = true;
  private ns = 1_000_000_000n;
  private lives = 0;
  private rounds = 0;

  constructor(readonly options: ForgeOptions = {}) {
    const sessions = options.sessions ?? [[call(), call(), call()]];
    this.plan = {
      version: 1,
      mode: "lockstep",
      sessions: sessions.map((calls) => ({
        storeLag: options.storeLag ?? "ada",
        turns: [
          {
            script: {
              replies: calls.map((one) => ({ calls: [one], parallel: false })),
              finalText: "All done.",
            },
          },
        ],
      })),
      clients: 1,
      rounds: [...(options.rounds ?? [])],
    };
    for (const [session, calls] of sessions.entries())
      for (const [index, one] of calls.entries()) {
        const shared = one.equalTo === undefined ? undefined : this.tokens[one.equalTo]?.callToken;
        const name = `${session}${index}`;
        this.tokens.push({
          step: `s${session}t0c${index}`,
          callToken: shared ?? `ctoken${name}`,
          resultToken: `rtoken${name}`,
          effectToken: `etoken${name}`,
        });
      }
    this.sessions = sessions.map((_, session) => ({
      id: `run-${session}`,
      log: new Set(),
      held: new Set(),
      snapshot: new Set(),
      history: [],
      calls: new Map(),
      flags: [],
      prompts: 0,
      shown: 0,
      attempts: [],
    }));
    this.startServer();
    for (const session of this.sessions.keys()) this.submit(session);
  }

  t(): string {
    this.ns += 1_000_000n;
    return this.ns.toString();
  }

  add(entry: HistoryEntry extends infer E ? (E extends unknown ? Omit<E, "t"> : never) : never): void {
    this.history.push({ t: this.t(), ...entry } as HistoryEntry);
  }

  of(session: number): ForgedSession {
    const found = this.sessions[session];
    if (found === undefined) throw new Error(`no session ${session}`);
    return found;
  }

  startServer(): void {
    this.lives += 1;
    this.add({ kind: "server-start", life: this.lives, pid: 100 + this.lives, url: "http://127.0.0.1:1" });
    this.add({ kind: "server-ready", life: this.lives });
    this.isServerUp = true;
    if (this.lives > 1) for (const session of this.sessions.keys()) this.connect(session);
  }

  connect(session: number): void {
    const of = this.of(session);
    const last = of.history[of.shown - 1]?.cursor;
    this.add({ kind: "connect", client: 0, session, ...(last === undefined ? {} : { after: last }) });
    this.show(session);
  }

  /** Shows the client what it has not been shown yet. */
  show(session: number): void {
    const of = this.of(session);
    for (const event of of.history.slice(of.shown)) this.add({ kind: "shown", client: 0, session, event });
    of.shown = of.history.length;
  }

  submit(session: number): void {
    const key = `key-${session}`;
    const prompt = `Please do the planned work. [turn s${session}t0]`;
    this.add({ kind: "submit", session, turn: 0, key, prompt });
    this.add({ kind: "submitted", session, turn: 0, key, id: this.of(session).id });
    this.connect(session);
  }

  start(session = 0, prompt = `Please do the planned work. [turn s${session}t0]`): ForgedAgent {
    return new ForgedAgent(this, session, prompt);
  }

  /** A fault, with what it kills. */
  fault(fault: FaultKind, agents: readonly ForgedAgent[] = []): void {
    const server = fault.kind !== "kill" || fault.target !== "agent";
    const killed = [
      ...(server ? (["server"] as const) : []),
      ...(agents.length > 0 ? (["agent"] as const) : []),
    ];
    this.add({ kind: "fault", round: this.rounds, fault, at: "result:1/out", position: "unsent", killed });
    this.rounds += 1;
    for (const agent of agents) agent.kill();
    if (!server) return;
    this.isServerUp = false;
    for (const session of this.sessions.keys()) this.add({ kind: "disconnected", client: 0, session });
    this.add({ kind: "server-exit", life: this.lives, code: null, signal: "SIGKILL" });
  }

  cut(label: DiskCut["label"]): number {
    const cut = this.cuts.length;
    this.cuts.push({
      cut,
      label,
      t: this.t(),
      files: [...this.files].map(([path, { role, session, text }]) => ({
        role,
        path,
        session,
        content: text,
      })),
      alive: this.sessions.flatMap(({ attempts }) =>
        attempts
          .filter(({ isAlive }) => isAlive)
          .map(({ nonce, session, attempt }) => ({ nonce, session, attempt, pid: 9 })),
      ),
      effects: this.effects,
    });
    this.add({ kind: "cut", cut, label });
    return cut;
  }

  observe(label: "ready" | "observe" | "settled"): void {
    const cut = this.cut(label);
    this.add({
      kind: "observe",
      cut,
      label,
      sessions: structuredClone(this.sessions.map((_, index) => this.words(index))),
    });
  }

  /** Cut, restart, and two looks. */
  restart(): void {
    this.cut("killed");
    if (!this.isServerUp) this.startServer();
    this.recover();
    this.observe("ready");
    this.observe("observe");
  }

  /** What the perfect orchestrator concludes when it starts. */
  recover(): void {
    for (const session of this.sessions) {
      const latest = session.attempts.at(-1);
      if (latest === undefined || latest.isAlive) continue;
      for (const id of session.log) this.learn(session, id);
      for (const [id, one] of session.calls)
        if (one.state === "running") one.state = session.log.has(`result/${id}`) ? "done" : "unknown";
      for (const flag of this.divergences(session))
        if (!session.flags.some(({ code, callId }) => code === flag.code && callId === flag.callId))
          session.flags.push(flag);
    }
  }

  /** A call that only the agent's log told. */
  private learn(session: ForgedSession, word: string): void {
    const [type, id = ""] = word.split("/");
    const at = session.attempts.find((agent) => agent.numberOf(id) !== undefined);
    const number = at?.numberOf(id);
    if (at === undefined || number === undefined) return;
    if (type === "call" && !session.calls.has(id)) session.calls.set(id, at.observed(number, "unknown"));
    if (type === "result")
      session.calls.set(id, { ...at.observed(number, at.doneState(number)), result: at.content(number) });
  }

  private divergences(session: ForgedSession): ObservedFlag[] {
    const flags: ObservedFlag[] = [];
    const latest = session.attempts.at(-1);
    const cite = (source: string, value: string) => [{ source, value }];
    if (latest !== undefined && !latest.isEnded && !session.log.has(`final/${latest.nonce}`))
      flags.push({ code: "ghost-running", cites: cite("P", "no process") });
    const behind = [...session.log].filter(
      (word) => !word.startsWith("call/") && !session.snapshot.has(word),
    );
    if (behind.length > 0)
      flags.push({ code: "snapshot-behind-log", cites: cite("S", `lacks ${behind.join(", ")}`) });
    const once = (code: string, words: string[]) => {
      const [word] = words;
      const callId = word?.split("/")[1];
      if (callId !== undefined) flags.push({ code, callId, cites: cite("L", `compare ${callId}`) });
    };
    const isCallWord = (word: string) => /^(call|result)\//.test(word);
    once(
      "journal-ahead",
      [...session.held].filter((word) => isCallWord(word) && !session.log.has(word)),
    );
    once(
      "agent-ahead",
      [...session.log].filter((word) => isCallWord(word) && !session.held.has(word)),
    );
    const open = [...new Set([...session.held, ...session.log])]
      .filter((word) => word.startsWith("call/"))
      .map((word) => word.replace("call/", "result/"))
      .filter((word) => !session.held.has(word) && !session.log.has(word));
    once("dangling-call", open);
    return flags;
  }

  /** The perfect orchestrator's words on a session. */
  words(index: number): ObservedSession {
    const session = this.of(index);
    const latest = session.attempts.at(-1);
    const isLive = latest?.isAlive === true;
    const isEnded =
      latest?.isEnded === true || (latest !== undefined && session.log.has(`final/${latest.nonce}`));
    return {
      id: session.id,
      state: isLive ? "live" : isEnded ? "completed" : "interrupted",
      ended: isEnded && !isLive ? "yes" : "no",
      live: isLive ? "yes" : "no",
      calls: [...session.calls.values()],
      history: session.history,
      flags: session.flags,
    };
  }

  /** Resumes a session: the store is repaired, the model is told everything, and flags are resolved. */
  resume(session = 0): ForgedAgent {
    const of = this.of(session);
    this.add({ kind: "resume", session, prompt: "Go on." });
    for (const word of [...of.log, ...of.held]) of.snapshot.add(word);
    of.attempts.at(-1)?.writeSnapshot();
    for (const flag of of.flags) flag.resolved = true;
    const agent = new ForgedAgent(this, session, `Go on. [turn s${session}t0]`);
    this.add({ kind: "resumed", session });
    return agent;
  }

  /** The rest of a run: every session is brought to its end and looked at. */
  settle(): RunRecord {
    for (const [session, { attempts }] of this.sessions.entries()) {
      const latest = attempts.at(-1);
      if (latest === undefined) this.start(session).work();
      else if (latest.isAlive) latest.work();
      else if (!latest.isEnded && !this.of(session).log.has(`final/${latest.nonce}`))
        this.resume(session).work();
    }
    this.observe("settled");
    for (const [session, { id }] of this.sessions.entries())
      this.add({ kind: "settled", session, state: id });
    return this.record();
  }

  record(): RunRecord {
    const can: Abilities = {
      resume: true,
      reload: [],
      flags: true,
      cursor: true,
      stop: true,
      damage: true,
      ...this.options.can,
    };
    return {
      plan: this.plan,
      subject: { name: "forged", can },
      history: this.history,
      ledgers: this.ledgers,
      cuts: this.cuts,
      tokens: this.tokens,
      sessionIds: this.sessions.map(({ id }) => id),
      durationMs: 1,
    };
  }
}
