/** Whatever a subject does not answer, a run comes to its end, and has not passed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { Ports } from "../../harness/execute/ports.ts";
import { executeRun, plainStaging } from "../../harness/execute/run.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import type { Shown, Subject } from "../../harness/subject/contract.ts";
import { UnexpectedAnswer } from "../../harness/subject/http.ts";
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

/** Its clients lose their connection as soon as the server is there. */
const disconnected: Plan = {
  ...(plan ?? { version: 1, mode: "lockstep", sessions: [], clients: 1 }),
  rounds: [
    {
      at: { phase: "ready" },
      position: "unsent",
      fault: { kind: "disconnect", events: 1 },
      orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 },
      damage: [],
    },
  ],
};

async function verdictOf(name: string, subject: Subject, asked = plan) {
  if (asked === undefined) throw new Error("no plan");
  const environment = {
    dir: path.join(dir, name),
    port: await ports.next(),
    agentBundle: "/bin/true",
    runId: `answers-${name}`,
  };
  const staging = plainStaging(subject);
  const after = (ms: number, callback: () => void) => staging.machine.after(Math.min(ms, 100), callback);
  const record = await executeRun(asked, subject, environment, {
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

it("a server that fails at what it is asked is judged by that, and an adapter that cannot ask is not", async () => {
  const failing = (status: number) => async () => {
    throw new UnexpectedAnswer("GET /api/sessions", status, "no");
  };
  for (const [status, verdict, why] of [
    [500, "defect", /an answer to work with \(GET \/api\/sessions answered 500: no\)/],
    [503, "infra", /answered 503/],
    [404, "infra", /answered 404/],
  ] as const) {
    const found = await verdictOf(`fails-${status}`, { ...quiet, observe: failing(status) });
    expect(found).toEqual([verdict, expect.stringMatching(why)]);
  }
}, 20_000);

it("a server that ends in its start is judged by that where it had started before", async () => {
  const killed: Plan = {
    ...disconnected,
    rounds: disconnected.rounds.map((round) => ({ ...round, fault: { kind: "kill", target: "server" } })),
  };
  const endsIn = (life: number): Partial<Subject> => {
    let lives = 0;
    return {
      events: async function* () {},
      start: async (ctx) => {
        lives += 1;
        if (lives < life) return quiet.start(ctx);
        const { pid } = ctx.spawn("/bin/sh", ["-c", "exit 7"]);
        await ctx.spawn("/bin/sh", ["-c", "exit 7"]).line(/listening/);
        return { pid, url: "" };
      },
    };
  };
  const again = await verdictOf("ends-again", { ...quiet, ...endsIn(2) }, killed);
  expect(again).toEqual([
    "defect",
    expect.stringMatching(/the server, which ended by itself \(exit code 7\)/),
  ]);
  // Whoever never came to its feet may have been started in a wrong way.
  expect((await verdictOf("ends-at-once", { ...quiet, ...endsIn(1) }, killed))[0]).toBe("infra");
}, 20_000);

it("a stream that is read on though its client is gone", async () => {
  const [verdict, why] = await verdictOf("disconnect", quiet, disconnected);
  expect([verdict, why]).toEqual(["defect", expect.stringMatching(/the clients' connections to end/)]);
}, 10_000);
