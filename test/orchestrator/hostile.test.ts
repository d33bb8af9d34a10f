import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, symlinkSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { agentPath, type Event, type Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEnd = (event: Event) => event.type === "run-ended";

describe("what an agent prints", () => {
  it("keeps garbage, NUL bytes and a line of 20 MB as unreadable events, and their neighbours whole", async () => {
    place.steps(
      1,
      `started; say 'no json at all'; printf '\\000\\000\\n'; say '{"type":"something.new","x":1}'
head -c 20000000 /dev/zero | tr '\\0' x; echo; call c1 one; result c1 done; completed; printf torn`,
    );
    const server = await place.start();
    const id = await server.submit(place.workspace);
    const events = await server.events(id, isEnd);
    const types = events.map((event) => event.type).filter((type) => type !== "finding" && type !== "live");
    expect(types).toEqual([
      "prompt",
      "session",
      "unreadable",
      "unreadable",
      "unknown",
      "unreadable",
      "call",
      "result",
      "turn-end",
      "exited",
      "run-ended",
    ]);
    const long = events.filter((event) => event.type === "unreadable").at(-1)?.range as {
      fromByte: number;
      toByte: number;
    };
    expect(long.toByte - long.fromByte).toBe(20_000_001);
    expect(events.find((event) => event.type === "exited")).toMatchObject({ tailBytes: 4 });
    const session = await server.session(id);
    expect(session.calls).toMatchObject([{ id: "c1", effect: "done" }]);
    expect(JSON.stringify(session.findings)).toContain("torn-tail");
  });
});

describe("who asks", () => {
  const raw = async (url: string, method: string, headers: Record<string, string>) => {
    const sent = request(url, { method, headers });
    sent.end();
    const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
    response.resume();
    return response.statusCode;
  };

  it("refuses foreign hosts and origins, and changes without the token", async () => {
    const server = await place.start();
    const list = `${server.url}/api/sessions`;
    const projects = `${server.url}/api/projects`;
    const port = new URL(server.url).port;
    expect(await raw(list, "GET", {})).toBe(200);
    expect(await raw(list, "GET", { host: `localhost:${port}` })).toBe(200);
    expect(await raw(list, "GET", { host: "evil.example" })).toBe(403);
    expect(await raw(list, "GET", { host: `evil.example:${port}` })).toBe(403);
    expect(await raw(list, "GET", { origin: "https://evil.example" })).toBe(403);
    expect(await raw(list, "GET", { origin: "null" })).toBe(403);
    expect(await raw(list, "GET", { origin: server.url })).toBe(200);
    expect(await raw(projects, "POST", {})).toBe(401);
    expect(await raw(projects, "POST", { authorization: "Bearer wrong" })).toBe(401);
    expect(await raw(projects, "POST", { authorization: `Bearer ${server.token}` })).toBe(400);
    expect(statSync(join(place.home, "token")).mode & 0o777).toBe(0o600);
  });

  it("answers strange ids, bodies and paths with one clear sentence", async () => {
    const server = await place.start();
    for (const id of ["..%2Fx", "%2e%2e%2fx", "../x", "x", "%00", "a".repeat(5_000)]) {
      const response = await fetch(`${server.url}/api/sessions/${id}`);
      expect([400, 404]).toContain(response.status);
      expect((await response.json()) as unknown).toMatchObject({ error: { message: expect.any(String) } });
    }
    expect((await server.post("/api/projects", { path: "relative" })).status).toBe(400);
    expect((await server.post("/api/projects", { path: "/tmp/../etc" })).status).toBe(400);
    const loop = join(place.folder, "loop");
    symlinkSync("loop", loop);
    for (const path of ["/does/not/exist", `/${"a".repeat(300)}`, `/${"a/".repeat(2_047)}a`, loop])
      expect((await server.post("/api/projects", { path })).status).toBe(400);
    expect((await server.post("/api/projects", { path: "x".repeat(2_000_000) })).status).toBe(413);
    const project = await server.post("/api/projects", { path: place.workspace });
    const sessions = `/api/projects/${String(project.body.id)}/sessions`;
    expect((await server.post(sessions, {})).status).toBe(400);
    expect((await server.post(sessions, { prompt: " " })).status).toBe(400);
    expect((await server.post(sessions, { prompt: 7 })).status).toBe(400);
    expect((await server.post(sessions, { prompt: "x", agent: "__proto__" })).status).toBe(400);
    // It could be no argument of a command line: its session could never be started.
    expect((await server.post(sessions, { prompt: "x", model: "a\0b" })).status).toBe(400);
    expect((await server.post(sessions, { prompt: "x".repeat(200_000) })).status).toBe(413);
    expect((await server.post("/api/projects/nope/sessions", { prompt: "x" })).status).toBe(404);
    expect(place.starts()).toBe(0);
    const bad = await fetch(`${server.url}/api/projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: "{not json",
    });
    expect(bad.status).toBe(400);
  });

  it("escapes what it shows on its page", async () => {
    place.steps(1, "started; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace, "<script>alert(1)</script>");
    await server.events(id, isEnd);
    const html = await (await fetch(server.url)).text();
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).not.toContain("<script>alert");
  });
});

describe("a start that cannot be", () => {
  const run = async (args: readonly string[], home = place.home) => {
    const child = spawn(process.execPath, [place.bundle, ...args], {
      env: { PATH: "/usr/bin:/bin", HOME: home },
    });
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    const [code] = (await once(child, "close")) as [number];
    return { code, stderr };
  };

  it("says so in one sentence and exits with 2", async () => {
    const server = await place.start();
    const port = new URL(server.url).port;
    const before = readFileSync(join(place.home, "journal/00000001.journal"));
    const taken = await run(["--home", place.home, "--port", port, "--agent-path", agentPath]);
    expect(taken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`),
    });
    // The server that has the port is not disturbed.
    expect(readFileSync(join(place.home, "journal/00000001.journal"))).toEqual(before);
    expect((await server.get("/health")).body.status).toBe("ready");
    const missing = await run(["--home", place.home, "--port", "0"]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("not on the PATH") });
    const noFile = await run(["--home", place.home, "--port", "0", "--agent-path", "/nope/ada"]);
    expect(noFile).toMatchObject({ code: 2, stderr: expect.stringContaining("/nope/ada") });
    for (const wrong of ["x", "", "1e3", "65536"]) expect((await run(["--port", wrong])).code).toBe(2);
    const homeless = await run(["--port", "0", "--agent-path", agentPath], "");
    expect(homeless).toMatchObject({
      code: 2,
      stderr: "holdfast: HOME is not set. Set it, or give --home.\n",
    });
    expect((await run(["--what"])).code).toBe(2);
  });

  it("ends a server whose journal another one has taken over", async () => {
    place.steps(1, "started; completed");
    const first = await place.start();
    await place.start();
    await first.post("/api/projects", { path: place.workspace }).catch(() => undefined);
    expect(await first.exited).toMatchObject({ code: 1 });
    expect(first.stderr).not.toBe("");
  });
});
