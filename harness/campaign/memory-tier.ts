/**
 * The tier in memory beside real processes: one process that runs plans in memory while the workers run theirs.
 *
 * Always: it is asked to stop with the campaign and gone with it; if it fails or does not end, that is told as a
 * problem of the harness (infra), never left out.
 */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOnce } from "../launch/bundle.ts";
import { nurseryFlags } from "../launch/engine.ts";
import type { MemoryOptions, MemoryReport } from "../memory/campaign.ts";
import type { FromMemory, ToMemory } from "../memory/worker.ts";

const entry = fileURLToPath(new URL("../memory/worker.ts", import.meta.url));

/** Beyond its budget it may finish the plan and the shrinking that it is at. */
const graceMs = 30_000;

export interface MemoryEnd {
  readonly report: MemoryReport | undefined;
  /** Why it did not come to its end. */
  readonly failed?: string;
}

export class MemoryTier {
  /** As far as it has told; for progress. */
  latest: MemoryReport | undefined;
  onTold: () => void = () => undefined;
  readonly #child: ChildProcess;
  readonly #ended: Promise<MemoryEnd>;
  readonly #startedMs = performance.now();

  private constructor(child: ChildProcess, options: MemoryOptions) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) =>
        resolve({ report: this.latest, failed: `the process in memory ended (${signal ?? code})` }),
      );
      child.on("message", (message: FromMemory) => {
        if (message.kind === "failed") resolve({ report: this.latest, failed: message.why });
        else {
          this.latest = message.report;
          this.onTold();
          if (message.kind === "end") resolve({ report: message.report });
        }
      });
      child.once("error", (error) => resolve({ report: this.latest, failed: error.message }));
    });
    this.#say({ kind: "begin", options });
  }

  /** Starts it; the bundle is made in `dir`: what the loader of sources adds to each function would cost a third. */
  static async begin(dir: string, options: MemoryOptions): Promise<MemoryTier> {
    const { memory } = await bundleOnce({ memory: entry }, path.join(dir, "bundles"));
    const child = spawn(process.execPath, [...nurseryFlags, memory], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      // Its own group: an interrupt at the terminal is the campaign's to handle.
      detached: true,
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", LANG: "C.UTF-8", TZ: "UTC" },
    });
    return new MemoryTier(child, options);
  }

  /** Asks it to end after the plan that it is at. */
  stop(): void {
    this.#say({ kind: "stop" });
  }

  /** Its end; with a budget, what it has told so far if it does not come to one in time. */
  async end(budgetMs: number | undefined): Promise<MemoryEnd> {
    if (budgetMs === undefined) return this.#ended;
    const leftMs = Math.max(0, this.#startedMs + budgetMs - performance.now()) + graceMs;
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<MemoryEnd>((resolve) => {
      limit = setTimeout(
        () => resolve({ report: this.latest, failed: "the process in memory did not end in time" }),
        leftMs,
      );
    });
    const end = await Promise.race([this.#ended, late]);
    clearTimeout(limit);
    return end;
  }

  /** Resolves when it is gone. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  #say(message: ToMemory): void {
    if (this.#child.connected) this.#child.send(message);
  }
}
