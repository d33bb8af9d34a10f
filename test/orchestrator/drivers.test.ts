import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interleavings, type Op, play, type Step } from "./drivers.ts";
import { agentPath, bundleServer, type Event, loadAnew, Place } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
let bundle = "";

beforeAll(async () => {
  bundle = await bundleServer(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("several servers on one folder", () => {
  const step = (op: Op, waitMs = 0): Step => ({ op, waitMs });

  it.each<[string, readonly Step[]]>([
    [
      "a paused server that wakes up after its successor has resumed",
      [
        step({ do: "kill-agent" }, 30),
        step({ do: "resume", server: 0 }, 1),
        step({ do: "pause", server: 0 }),
        step({ do: "start" }, 20),
        step({ do: "resume", server: 0 }, 30),
        step({ do: "continue", server: 0 }, 30),
      ],
    ],
    ["generated", fc.sample(interleavings, { seed: 7, numRuns: 1 })[0] ?? []],
  ])("%s: one driver", async (_, steps) => {
    const { place, outcome } = await play(bundle, steps);
    try {
      expect(outcome).toMatchObject({ doubles: "", lostAcknowledged: [] });
      expect(outcome.starts).toBe(outcome.startedAttempts);
      if (outcome.lateWrites > 0) expect(outcome.lateFindings).toBeGreaterThan(0);
    } finally {
      await place.clean();
    }
  });

  it("the first one says so and ends when it wants to record anything", async () => {
    const place = new Place(bundle);
    try {
      place.fifo("gate");
      place.steps(1, "started; wait_for gate; call c1 one; completed");
      const first = await place.start();
      const id = await first.submit(place.workspace);
      await first.events(id, (event) => event.type === "session");
      const second = await place.start();
      const rest = second.events(id, (event: Event) => event.type === "run-ended");
      await place.release("gate");
      expect((await rest).filter((event) => event.type === "call")).toHaveLength(1);
      expect(await first.exited).toEqual({ code: 1, signal: null });
      expect(first.stderr).toContain("Another server has taken over");
      expect(place.starts()).toBe(1);
      // What it wrote behind the seal is evidence, with its bytes.
      const { findings } = await second.session(id, "?check=1");
      const late = (
        findings as { code: string; cites: { path: string; range: { fromByte: number } }[] }[]
      ).filter(({ code }) => code === "late-write");
      const { path = "", range } = late[0]?.cites[0] ?? {};
      expect(readFileSync(path, "utf8").slice(range?.fromByte)).toMatch(/^j1\t.*\t"cover"\t/);
    } finally {
      await place.clean();
    }
  });
});

describe("the module evaluated anew in one process", () => {
  it("has one driver: the new life takes the living agent over, the old one ends by itself", async () => {
    const place = new Place(bundle);
    try {
      place.fifo("gate");
      place.steps(1, "started; call c1 one; : >ready; wait_for gate; result c1 done; completed");
      const options = {
        home: place.home,
        port: 0,
        agentCommands: { ada: agentPath },
        agentEnv: { PATH: "/usr/bin:/bin" },
        spoolBytesMax: 1e9,
        graceMs: 500,
        orphanWaitMs: 1_000,
      };
      const load = async (name: string) => {
        const { startServer, listenHttp, realWorld } = await loadAnew(folder, name);
        const server = await startServer(await realWorld("/usr/bin:/bin"), options, listenHttp, () => {});
        await server.ready;
        return server;
      };
      const first = await load("first");
      const token = readFileSync(join(place.home, "token"), "utf8").trim();
      const post = async (url: string, path: string, body: object) => {
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(`${url}${path}`, {
          method: "POST",
          headers,
          body: JSON.stringify(body),
        });
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      };
      const project = await post(first.url, "/api/projects", { path: place.workspace });
      const submitted = await post(first.url, `/api/projects/${String(project.body.id)}/sessions`, {
        prompt: "x",
      });
      const id = String(submitted.body.session);
      await place.appears("ready");
      const second = await load("second");
      await place.release("gate");
      expect(await first.over).toContain("Another server has taken over");
      expect((await post(first.url, `/api/sessions/${id}/runs`, { prompt: "again" })).status).toBe(503);
      const state = async () => {
        const response = await fetch(`${second.url}/api/sessions/${id}`);
        return ((await response.json()) as { state: string }).state;
      };
      await expect.poll(state, { timeout: 10_000, interval: 20 }).toBe("completed");
      expect(place.starts()).toBe(1);
      await first.close();
      await second.close();
    } finally {
      await place.clean();
    }
  });
});
