/**
 * Entry of the fake agent: an executable that looks like Ada from outside and obeys the harness.
 *
 * Started through a launcher as `node agent.mjs --as <name> --socket <path> --run <id> -- <the agent's own arguments>`.
 * Always: it ends when its harness is gone, also while parked, asleep or waiting for a reader.
 * Never: it reads no environment variables, and loads nothing but what it needs: its start-up is part of every run.
 */
import { readFileSync } from "node:fs";
import { AdaStore } from "./ada-store.ts";
import { runAttempt } from "./attempt.ts";
import { parseCommandLine } from "./command-line.ts";
import { agentDefectExitCode, agentVersion, harnessGoneExitCode } from "./constants.ts";
import { GateClient } from "./gate-client.ts";
import { Gates } from "./gates.ts";
import { earlierCallIds, LedgerWriter } from "./ledger-writer.ts";
import { processMachine, randomHex } from "./process-machine.ts";
import type { ScriptMessage } from "./protocol.ts";
import { type OutLine, Stdout, StdoutLostError } from "./stdout.ts";

const [asFlag, name = "", socketFlag, socketPath = "", runFlag, , separator, ...argv] = process.argv.slice(2);
const nonce = randomHex(8);
let ledger: LedgerWriter | undefined;
let stdout: Stdout | undefined;

// Not awaited: CommonJS, as which it is bundled, has no top-level await.
void main();

async function main(): Promise<void> {
  if (asFlag !== "--as" || socketFlag !== "--socket" || runFlag !== "--run" || separator !== "--") {
    quit(harnessGoneExitCode, "ada: this is the fake agent of the harness; start it through its launcher");
  }
  const line = parseCommandLine(argv);
  if (line.kind === "wrong") quit(1, `ada: ${line.why}`);
  if (line.kind === "version") {
    process.stdout.write(`${agentVersion}\n`);
    return;
  }
  const client = await connectOrQuit();
  const identity = { nonce, pid: process.pid, startTime: await ownStartTime() };
  const order = await client.hello({
    ...identity,
    argv,
    cwd: process.cwd(),
    prompt: line.prompt,
    ...(line.resume === undefined ? {} : { resume: line.resume }),
  });
  const { code, why } = await attempt(client, order, identity, line);
  ledger?.add({ kind: "exit", code, why });
  await client.leave();
  process.exit(code);
}

interface Identity {
  readonly nonce: string;
  readonly pid: number;
  readonly startTime: string;
}

interface ChatLine {
  readonly prompt: string;
  readonly resume: string | undefined;
  readonly model: string | undefined;
}

async function attempt(
  client: GateClient,
  order: ScriptMessage,
  identity: Identity,
  { prompt, resume, model = "holdfast/fake" }: ChatLine,
): Promise<{ code: number; why: string }> {
  const sessionId = resume ?? order.agentSessionId;
  const cwd = process.cwd();
  const pausesMs = order.free?.pausesMs ?? [];
  ledger = new LedgerWriter(order.ledgerPath);
  const machine = processMachine();
  const gates = new Gates({ client, ledger, machine, isLockstep: order.mode === "lockstep", pausesMs });
  stdout = new Stdout({
    ledger,
    machine,
    writes: order.free?.writes ?? "line",
    variation: pausesMs,
    onSettled: ({ nth, event }: OutLine) => gates.after(nth, event),
    onBlocked: (event) => client.send({ kind: "blocked", event }),
  });
  const isResume = resume !== undefined;
  const { session, turn } = order;
  ledger.add({
    kind: "start",
    ...identity,
    session,
    attempt: order.attempt,
    turn,
    agentSessionId: sessionId,
    resumed: isResume,
    argv,
    stdout: stdout.kind,
  });
  const store = AdaStore.isSessionId(sessionId)
    ? new AdaStore(cwd, sessionId, ledger, machine, name === "anita" ? ".anita" : undefined)
    : undefined;
  const callIds = () => earlierCallIds(order.ledgerPath);
  const common = { order, sessionId, isResume, prompt, model, cwd, store, machine, earlierCallIds: callIds };
  try {
    const code = await runAttempt({ ...common, stdout, ledger, gates });
    return { code, why: code === 0 ? "end of turn" : "session not found" };
  } catch (error) {
    if (error instanceof StdoutLostError) return { code: 1, why: error.message };
    const why = `the fake agent itself failed: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`ada: ${why}\n`);
    return { code: agentDefectExitCode, why };
  }
}

async function connectOrQuit(): Promise<GateClient> {
  try {
    return await GateClient.connect(socketPath, harnessGone);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return quit(harnessGoneExitCode, `ada: the harness of this fake agent does not answer (${why})`);
  }
}

function harnessGone(): void {
  try {
    ledger?.add({ kind: "exit", code: harnessGoneExitCode, why: "the harness is gone" });
  } catch {
    // The run's folder may be gone too.
  }
  // An orderly exit would wait for a write that nobody reads.
  if (stdout?.isWriting && stdout.kind !== "file") process.kill(process.pid, "SIGKILL");
  process.exit(harnessGoneExitCode);
}

function quit(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** What tells this process from a later one with the same pid; best effort outside Linux. */
async function ownStartTime(): Promise<string> {
  if (process.platform === "linux") {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // The name in parentheses may hold anything; field 3 comes after the last one.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  }
  const { execFileSync } = await import("node:child_process");
  return execFileSync("ps", ["-o", "lstart=", "-p", String(process.pid)], { encoding: "utf8" }).trim();
}
