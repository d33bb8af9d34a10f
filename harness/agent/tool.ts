/**
 * The process of one call: in a session of its own, without its agent's descriptors, and with its agent's environment.
 *
 * Always: it is started, waits to be told to go on, leaves the effect, and ends. Its agent tells it, or whoever knows its
 * ledger when the agent is gone. What it does stands in its agent's ledger, marked as its own.
 * Never: it waits longer than a run may take.
 */
import { existsSync, watch, writeFileSync } from "node:fs";
import path from "node:path";
import { harnessGoneExitCode } from "./constants.ts";
import { leaveEffect } from "./effects.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import { ownStartTime, processMachine } from "./process-machine.ts";

/** First word of the command line of a tool. */
export const toolFlag = "--tool";

const waitMsMax = 120_000;

export interface ToolOrder {
  /** Stands in the command line, as the marker by which the run's processes are found. */
  readonly runId: string;
  readonly ledgerPath: string;
  readonly cwd: string;
  readonly step: string;
  readonly callId: string;
  readonly effectToken: string;
}

/** A tool that waits. */
export interface StartedTool {
  /** Tells it to go on; resolves when it has ended. */
  finish(): Promise<void>;
}

/** Resolves when the tool is there and waits. */
export async function startTool({ cwd, ...order }: ToolOrder): Promise<StartedTool> {
  // Loaded here: most agents start none.
  const { spawn } = await import("node:child_process");
  const { runId, ledgerPath, step, callId, effectToken } = order;
  const goPath = `${ledgerPath}.${callId}.go`;
  const own = [process.argv[1] ?? "", toolFlag, runId, ledgerPath, goPath, step, callId, effectToken];
  const child = spawn(process.execPath, own, { cwd, detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await Promise.race([new Promise((resolve) => child.stdout.once("data", resolve)), ended]);
  return {
    finish: () => {
      writeFileSync(goPath, "go\n");
      return ended;
    },
  };
}

/** Runs as the tool; `args` are what follows {@link toolFlag}. */
export async function runTool(args: readonly string[]): Promise<void> {
  const [, ledgerPath = "", goPath = "", step = "", callId = "", effectToken = ""] = args;
  const limit = setTimeout(() => process.exit(harnessGoneExitCode), waitMsMax);
  const ledger = new LedgerWriter(ledgerPath);
  const identity = { pid: process.pid, startTime: await ownStartTime() };
  ledger.add({ kind: "tool", step, callId, ...identity, goPath });
  // Its agent may be gone.
  process.stdout.on("error", () => undefined);
  process.stdout.write("ready\n");
  await appears(goPath);
  const entry = { kind: "effect" as const, by: "tool" as const, step, callId };
  ledger.add({ ...entry, phase: "begin" });
  leaveEffect(processMachine(), process.cwd(), effectToken);
  ledger.add({ ...entry, phase: "done" });
  clearTimeout(limit);
}

function appears(file: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!existsSync(file)) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(path.dirname(file), look);
    look();
  });
}
