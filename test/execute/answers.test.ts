/** Whatever a subject does not answer, a run comes to its end, and has not passed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { Ports } from "../../harness/execute/ports.ts";
import { executeRun, plainStaging } from "../../harness/execute/run.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import type { Shown, Subject } from "../../harness/subject/contract.ts";
import reference from "../../harness/subject/reference.ts";

const never = (): Promise<never> => new Promise(() => undefined);
async function* deaf(): AsyncIterable<Shown> {
  yield await never();
}

/** Accepts what it is asked, and starts nobody. */
const quiet: Subject = {
  name: "quiet",
  can: reference.can,
  setup: async () => undefined,
  start: async (ctx) => ({ pid: ctx.spawn("/bin/sleep", ["60"]).pid, url: "http://127.0.0.1:1" }),
  submit: async () => ({ ok: true, session: "s" }),
  resume: async () => ({ ok: true }),
  events: deaf,
  observe: async () => ({
    sessions: [
      { id: "s", state: "cut", ended: "no", live: "no", calls: [], history: [], flags: "no-surface" },
    ],
  }),
  files: async () => [],
  stop: never,
};
const [plan] = directedPlans(reference.can, ["kill"]);

let dir: string;
let ports: Ports;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "hf-answers-"));
  ports = await Ports.claim();
});
afterAll(async () => {
  await ports.release();
  await rm(dir, { recursive: true, force: true });
});

async function verdictOf(name: string, subject: Subject) {
  if (plan === undefined) throw new Error("no plan");
  const environment = {
    dir: path.join(dir, name),
    port: await ports.next(),
    agentBundle: "/bin/true",
    runId: `answers-${name}`,
  };
  const staging = plainStaging(subject);
  const after = (ms: number, callback: () => void) => staging.machine.after(Math.min(ms, 100), callback);
  const record = await executeRun(plan, subject, environment, {
    ...staging,
    machine: { ...staging.machine, after },
  });
  const { verdict, why, defects } = assess(record);
  return [verdict, why ?? defects.find(({ promise }) => promise === "settles")?.story ?? ""] as const;
}

it.each<[name: string, more: Partial<Subject>, verdict: string, why: RegExp]>([
  ["observe", { observe: never }, "defect", /what it says of its sessions/],
  ["files", { files: never }, "defect", /which files it has/],
  ["submit", { submit: never }, "defect", /./],
  ["events, whoever stops listening", {}, "defect", /./],
  ["setup", { setup: never }, "infra", /to set itself up/],
])(
  "%s",
  async (name, more, verdict, why) => {
    const found = await verdictOf(name, { ...quiet, ...more });
    expect(found).toEqual([verdict, expect.stringMatching(why)]);
  },
  10_000,
);
