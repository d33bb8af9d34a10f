import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Event, type Place, TestServer } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEnd = (event: Event) => event.type === "run-ended";

/** Sends a request as it stands; resolves with the status. */
const raw = async (
  server: TestServer,
  method: string,
  path: string,
  headers: Record<string, string> = {},
) => {
  const { port } = new URL(server.url);
  const sent = request({ host: "127.0.0.1", port, method, path, headers });
  sent.end();
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  return response.statusCode;
};

describe("ids from outside", () => {
  it("are looked up and never become paths", async () => {
    const server = await place.start();
    const token = { authorization: `Bearer ${server.token}` };
    const tricks = [
      "..%2f..%2fjournal",
      "..",
      "%2e%2e%2ftoken",
      "%00",
      "a%00b",
      "__proto__",
      "constructor",
      "%ff",
      "x".repeat(5_000),
    ];
    for (const trick of tricks) {
      for (const path of [`/api/sessions/${trick}`, `/api/sessions/${trick}/events`])
        expect([400, 404]).toContain(await raw(server, "GET", path));
      for (const action of [
        "resume",
        "stop",
        "abandon",
        "runs",
        `queue/${trick}/withdraw`,
        `calls/${trick}/decision`,
      ])
        expect([400, 404]).toContain(await raw(server, "POST", `/api/sessions/${trick}/${action}`, token));
      expect([400, 404]).toContain(await raw(server, "POST", `/api/projects/${trick}/sessions`, token));
    }
    expect(readdirSync(join(place.home)).sort()).toEqual(["journal", "token"]);
  });
});

describe("more than is to be taken", () => {
  it("a body of 1 GB is refused at once, and slow clients hold nobody up", async () => {
    place.steps(1, "started; call c1 one; result c1 done; completed");
    const server = await place.start();
    const { port } = new URL(server.url);
    const head = (length: number) =>
      `POST /api/projects HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${server.token}\r\ncontent-length: ${length}\r\n\r\n`;
    const big = connect(Number(port), "127.0.0.1");
    big.write(head(1024 ** 3));
    const [answer] = (await once(big, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /);
    big.destroy();
    // Each has sent half a request, and no more.
    const slow: Socket[] = [];
    for (let n = 0; n < 200; n++) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(n % 2 === 0 ? head(10) : "GET /api/sessions HTTP/1.1\r\nhost: 127.");
      slow.push(socket);
    }
    const id = await server.submit(place.workspace);
    expect((await server.events(id, isEnd)).at(-1)).toMatchObject({ state: "completed" });
    for (const socket of slow) socket.destroy();
  });
});

describe("whoever reads what it complains of", () => {
  it("may go, and the server stays", async () => {
    const server = await place.start();
    // Evidence that cannot be stored is complained of.
    const complain = async (workspace: string) => {
      mkdirSync(workspace);
      place.stepsIn(workspace, 1, "started; call c1 one; wait_for gate; result c1 done; completed");
      execFileSync("mkfifo", [join(workspace, "gate")]);
      const id = await server.submit(workspace);
      await server.events(id, (event) => event.type === "call");
      const folder = join(place.home, "sessions", id);
      rmSync(join(folder, "cuts"), { recursive: true, force: true });
      writeFileSync(join(folder, "cuts"), "");
      writeFileSync(join(workspace, "gate"), "go\n");
      await server.events(id, isEnd);
    };
    await complain(join(place.folder, "read"));
    await expect.poll(() => server.stderr).toContain("could not be stored");
    server.child.stderr?.destroy();
    for (const name of ["unread", "unread-again"]) await complain(join(place.folder, name));
    expect((await server.get("/health")).status).toBe(200);
  });
});

describe("a client that goes in the middle of what it sends", () => {
  it("is no trouble of the server's, and nothing is said of it", async () => {
    const server = await place.start();
    const { port } = new URL(server.url);
    for (let n = 0; n < 2; n++) {
      const client = connect(Number(port), "127.0.0.1");
      client.write(
        `POST /api/projects HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${server.token}\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n{`,
      );
      await once(client, "data");
      client.destroy();
      await once(client, "close");
      expect((await server.get("/health")).status).toBe(200);
    }
    await server.kill("SIGTERM");
    expect(server.stderr).toBe("");
  });
});

describe("whoever reads that it is ready", () => {
  it("may have gone before, and the server stays", async () => {
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });
    const server = new TestServer(place.bundle, place.home, ["--port", String(port)]);
    place.servers.push(server);
    server.listening.catch(() => {});
    server.child.stdout?.destroy();
    server.url = `http://127.0.0.1:${port}`;
    const isReady = async () => (await server.get("/health")).body.ready === true;
    await expect.poll(() => isReady().catch(() => false), { timeout: 5_000 }).toBe(true);
    // What it prints has been refused by now.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await isReady()).toBe(true);
  });
});

describe("what others put into our folders", () => {
  it("a link in the place of the journal or the sessions is not followed", async () => {
    const elsewhere = join(place.folder, "elsewhere");
    for (const name of ["journal", "sessions"]) {
      rmSync(place.home, { recursive: true, force: true });
      mkdirSync(place.home);
      mkdirSync(elsewhere, { recursive: true });
      symlinkSync(elsewhere, join(place.home, name));
      await expect(place.start()).rejects.toThrow(new RegExp(`${name} is a link`));
      expect(readdirSync(elsewhere)).toEqual([]);
    }
  });

  it("a FIFO in the place of a spool is no spool, and holds nobody up", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, (event) => event.type === "call");
    await first.kill("SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const spool = join(place.home, "sessions", id, "attempts/1/spool");
    rmSync(spool);
    execFileSync("mkfifo", [spool]);
    const second = await place.start();
    const session = await second.session(id);
    expect((session.history as Event[]).some((event) => event.type === "hole")).toBe(true);
    const other = await second.submit(place.workspace, "another");
    expect(other).not.toBe(id);
  });
});

describe("secrets of the server's environment", () => {
  it("are in nothing that it writes or says", async () => {
    place.steps(1, "started; call c1 one; result c1 done; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, isEnd);
    const said = JSON.stringify(await server.session(id)) + server.stderr;
    const written = filesIn(place.home).map((path) => readFileSync(path, "latin1"));
    for (const text of [said, ...written]) {
      expect(text).not.toContain("not for agents");
      expect(text).not.toContain("for agents");
    }
    for (const path of [...filesIn(place.home), place.home]) expect(statSync(path).mode & 0o077).toBe(0);
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath ?? one.path, one.name));
}
