/**
 * An orchestrator that works on itself: the agent edits the file that the watcher watches, and its run completes.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentPath, bundleServer, type Event, Place, parseFrame } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
const tsx = createRequire(import.meta.url).resolve("tsx/cli");
const rounds = Number(process.env.SELF_ROUNDS ?? 1);
let bundle = "";

beforeAll(async () => {
  bundle = await bundleServer(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** Reads a session's stream over as many connections as it takes, each with the cursor of the last event. */
async function follow(url: string, id: string): Promise<{ events: Event[]; connections: number }> {
  const events: Event[] = [];
  for (let connections = 1; ; connections++) {
    const after = events.at(-1)?.id;
    try {
      const headers = after === undefined ? {} : { "last-event-id": after };
      const response = await fetch(`${url}/api/sessions/${id}/events`, { headers });
      let text = "";
      const decoder = new TextDecoder();
      if (response.status === 200) {
        for await (const chunk of response.body ?? []) {
          text += decoder.decode(chunk, { stream: true });
          const frames = text.split("\n\n");
          text = frames.pop() ?? "";
          for (const event of frames.map(parseFrame)) {
            if (event?.id === undefined) continue;
            events.push(event);
            if (event.type === "run-ended") return { events, connections };
          }
        }
      }
    } catch {
      // The server is being replaced.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each([
  ["node --watch", ["--watch", "--watch-preserve-output"]],
  ["tsx watch", [tsx, "watch", "--clear-screen=false"]],
])("under %s", (_, watcher) => {
  it("the agent's edits of the orchestrator's source reload it, and the agent's run completes", async () => {
    for (let round = 0; round < rounds; round++) {
      const place = new Place(bundle);
      const entry = join(place.workspace, "server.mjs");
      writeFileSync(entry, `import ${JSON.stringify(bundle)};\n`);
      const edit = (n: number) =>
        `call e${n} edit; echo "// edit ${n}" >>server.mjs; until [ -e ../home/journal/0000000${n + 1}.journal ]; do sleep 0.02; done; result e${n} done; `;
      place.steps(1, `started; ${edit(1)}${edit(2)}completed`);
      const port = await freePort();
      const args = [
        ...watcher,
        entry,
        "--home",
        place.home,
        "--port",
        String(port),
        "--agent-path",
        agentPath,
      ];
      const child = spawn(process.execPath, args, {
        env: { PATH: "/usr/bin:/bin", HOME: place.folder },
        stdio: ["ignore", "pipe", "ignore"],
        detached: true,
      });
      try {
        await new Promise<void>((resolve) => {
          child.stdout.on("data", (data: Buffer) => data.toString().includes("listening on") && resolve());
        });
        const url = `http://127.0.0.1:${port}`;
        const id = await place.at(url).submit(place.workspace);
        const { events, connections } = await follow(url, id);
        expect(connections).toBeGreaterThan(1);
        const types = events.map((event) => event.type).filter((type) => type !== "finding");
        const edited = ["call", "result"];
        expect(types).toEqual(["prompt", "session", ...edited, ...edited, "turn-end", "exited", "run-ended"]);
        expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
        expect(events.at(-1)).toMatchObject({ state: "completed" });
        expect(place.starts()).toBe(1);
      } finally {
        const gone = new Promise((resolve) => child.once("close", resolve));
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        await gone;
        await place.clean();
      }
    }
  });
});
