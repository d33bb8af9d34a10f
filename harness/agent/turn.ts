/**
 * One turn of an agent, from its hello to its last word, whatever the agent is called.
 *
 * Always: a connection to the harness and a ledger of its own; when the harness goes away the process ends.
 */
import { runAttempt } from "./attempt.ts";
import { agentDefectExitCode, harnessGoneExitCode } from "./constants.ts";
import type { AgentStore, Dialect } from "./dialect.ts";
import { GateClient } from "./gate-client.ts";
import { Gates } from "./gates.ts";
import { earlierCallIds, type Ledger, LedgerWriter } from "./ledger-writer.ts";
import type { AgentMachine } from "./machine.ts";
import { TurnCancelledError } from "./performer.ts";
import { ownStartTime, randomHex } from "./process-machine.ts";
import { type OutLine, Stdout, StdoutLostError } from "./stdout.ts";
import { startTool } from "./tool.ts";

/** What the launcher baked in, and what the orchestrator added. */
export interface Launched {
  readonly name: string;
  readonly socketPath: string;
  readonly runId: string;
  readonly argv: readonly string[];
}

export interface TurnOptions extends Launched {
  readonly machine: AgentMachine;
  readonly cwd: string;
  readonly prompt: string;
  readonly model: string;
  /** The session that is gone on with. */
  readonly resume?: string;
  /** The session's id, for an agent that gave it before it knew its prompt. */
  readonly newId?: string;
  /** The process serves other turns too, and ends when its input is closed. */
  readonly served?: boolean;
  readonly dialect: Dialect;
  /** What stands on stdout already. */
  readonly saidBytes?: number;
  /** Resolves with the answer to a request that the agent has made; see `Performer`. */
  permission?(requestId: string): Promise<boolean>;
  /** Resolves when the orchestrator has cancelled the turn. */
  readonly cancelled?: Promise<void>;
  /** undefined for an id that must not become a file name. */
  storeFor(sessionId: string, ledger: Ledger): AgentStore | undefined;
  /** Called before the first event, with the way to say on record that the turn was cut from outside. */
  onBegun?(cut: () => void): Promise<void>;
}

export interface TurnEnd {
  readonly code: number;
  readonly cut: () => void;
}

/** Plays a turn to its end. */
export async function playTurn(options: TurnOptions): Promise<TurnEnd> {
  const { name, socketPath, argv, cwd, prompt, resume, newId, machine, dialect } = options;
  let ledger: LedgerWriter | undefined;
  let stdout: Stdout | undefined;
  const gone = () => leaveWithoutHarness(ledger, stdout);
  const client = await GateClient.connect(socketPath, gone).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    return quit(harnessGoneExitCode, `${name}: the harness of this fake agent does not answer (${why})`);
  });
  const identity = { nonce: randomHex(8), pid: process.pid, startTime: await ownStartTime() };
  const order = await client.hello({
    ...identity,
    argv: [...argv],
    cwd,
    prompt,
    ...(resume === undefined ? {} : { resume }),
    ...(newId === undefined ? {} : { sessionId: newId }),
    ...(options.served === true ? { served: true } : {}),
  });
  const sessionId = resume ?? order.agentSessionId;
  const pausesMs = order.free?.pausesMs ?? [];
  const written = new LedgerWriter(order.ledgerPath);
  ledger = written;
  const gates = new Gates({ client, ledger, machine, isLockstep: order.mode === "lockstep", pausesMs });
  stdout = new Stdout({
    ledger,
    machine,
    writes: order.free?.writes ?? "line",
    variation: pausesMs,
    say: dialect.say,
    saidBytes: options.saidBytes ?? 0,
    onSettled: ({ nth, event }: OutLine) => gates.after(nth, event),
    onBlocked: (event) => client.send({ kind: "blocked", event }),
  });
  const isResume = resume !== undefined;
  ledger.add({
    kind: "start",
    ...identity,
    session: order.session,
    attempt: order.attempt,
    turn: order.turn,
    agentSessionId: sessionId,
    resumed: isResume,
    argv: [...argv],
    stdout: stdout.kind,
  });
  const cut = () => written.add({ kind: "exit", code: 1, why: "the orchestrator closed its input" });
  await options.onBegun?.(cut);
  const store = options.storeFor(sessionId, ledger);
  const { permission, cancelled, model } = options;
  const attempt = { order, sessionId, isResume, prompt, model, cwd, store, machine, dialect };
  const { code, why } = await played(name, () =>
    runAttempt({
      ...attempt,
      stdout: stdout as Stdout,
      ledger: written,
      gates,
      earlierCallIds: () => earlierCallIds(order.ledgerPath),
      startTool: (call) => startTool({ runId: options.runId, ledgerPath: order.ledgerPath, cwd, ...call }),
      ...(permission === undefined ? {} : { permission }),
      ...(cancelled === undefined ? {} : { cancelled }),
    }),
  );
  ledger.add({ kind: "exit", code, why });
  await client.leave();
  return { code, cut };
}

async function played(name: string, run: () => Promise<number>): Promise<{ code: number; why: string }> {
  try {
    const code = await run();
    return { code, why: code === 0 ? "end of turn" : "session not found" };
  } catch (error) {
    if (error instanceof StdoutLostError || error instanceof TurnCancelledError)
      return { code: 1, why: error.message };
    const why = `the fake agent itself failed: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`${name}: ${why}\n`);
    return { code: agentDefectExitCode, why };
  }
}

function leaveWithoutHarness(ledger: Ledger | undefined, stdout: Stdout | undefined): never {
  try {
    ledger?.add({ kind: "exit", code: harnessGoneExitCode, why: "the harness is gone" });
  } catch {
    // The run's folder may be gone too.
  }
  // An orderly exit would wait for a write that nobody reads.
  if (stdout?.isWriting && stdout.kind !== "file") process.kill(process.pid, "SIGKILL");
  process.exit(harnessGoneExitCode);
}

/** Ends the process with one sentence on stderr. */
export function quit(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
