/** A wait that ran out because the machine had no processor to give says nothing about the orchestrator. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { Ports } from "../../harness/execute/ports.ts";
import { executeRun, plainStaging } from "../../harness/execute/run.ts";
import { type Starvation, starvationOf } from "../../harness/execute/starvation.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import type { Subject } from "../../harness/subject/contract.ts";
import reference from "../../harness/subject/reference.ts";

const children: ChildProcess[] = [];
const start = (...[file = "", ...args]: string[]): number => {
  const child = spawn(file, args, { stdio: "ignore" });
  children.push(child);
  return child.pid ?? -1;
};
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const spin = ["sh", "-c", "while :; do :; done"];

test.runIf(process.platform === "linux")(
  "the kernel tells who lacked a processor, and not of who slept or had one",
  async () => {
    const [first = ""] = /\d+/.exec(await cpusAllowed()) ?? [];
    start("taskset", "-c", first, ...spin);
    const hungry = start("taskset", "-c", first, "nice", "-n", "19", ...spin);
    const asleep = start("taskset", "-c", first, "sleep", "60");
    const share = (pid: number) => {
      const { livedMs, hungryMs } = starvationOf(pid) ?? { livedMs: Number.NaN, hungryMs: 0 };
      return hungryMs / livedMs;
    };
    // Started together: what the sleeper waited for before it slept soon is little of its life.
    await expect.poll(() => share(hungry) > 0.5 && share(asleep) < 0.5, { timeout: 20_000 }).toBe(true);
    expect(starvationOf(2 ** 22)).toBeUndefined();
  },
);

async function cpusAllowed(): Promise<string> {
  return /Cpus_allowed_list:\s*(\S+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1] ?? "0";
}

describe("a server that does not come to its feet", () => {
  let dir: string;
  let ports: Ports;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "hf-starved-"));
    ports = await Ports.claim();
  });
  afterAll(async () => {
    await ports.release();
    await rm(dir, { recursive: true, force: true });
  });

  const neverReady: Subject = {
    ...reference,
    name: "never-ready",
    setup: async () => undefined,
    start: (ctx) => {
      ctx.spawn("/bin/sleep", ["60"]);
      return new Promise(() => undefined);
    },
  };
  const [plan] = directedPlans(reference.can, ["kill"]);

  async function verdictWith(name: string, seen: Starvation | undefined) {
    if (plan === undefined) throw new Error("no plan");
    const environment = {
      dir: path.join(dir, name),
      port: await ports.next(),
      agentBundle: "/bin/true",
      runId: `starved-${name}`,
    };
    const staging = plainStaging(neverReady);
    const machine = {
      ...staging.machine,
      after: (ms: number, callback: () => void) => staging.machine.after(Math.min(ms, 100), callback),
      starvationOf: async () => seen,
    };
    const record = await executeRun(plan, neverReady, environment, { ...staging, machine });
    const { verdict, why, defects } = assess(record);
    return { verdict, why, signatures: defects.map(({ signature }) => signature) };
  }

  it("is stuck, by itself", async () => {
    const idle = await verdictWith("idle", { livedMs: 20_000, hungryMs: 1_500 });
    expect(idle.verdict).toBe("defect");
    expect(idle.signatures).toContain("settles/stuck/settled");
    expect((await verdictWith("untold", undefined)).verdict).toBe("defect");
  });

  it("says nothing of itself where the machine gave it no processor", async () => {
    const { verdict, why } = await verdictWith("hungry", { livedMs: 20_000, hungryMs: 15_000 });
    expect(verdict).toBe("infra");
    expect(why).toMatch(/server life 1 to be ready.* no processor for 75 % of its 20\.0 s/);
  });
});
