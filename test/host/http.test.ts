import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { listenHttp } from "../../src/host/http.ts";
import { ClientGone } from "../../src/model/http.ts";

it("cancels every body of a connection whose client went, also those whose turn had not come", async () => {
  let begun = 0;
  let cancelled = 0;
  let tellBegun = () => {};
  const bothBegun = new Promise<void>((resolve) => (tellBegun = resolve));
  let tellCancelled = () => {};
  const bothCancelled = new Promise<string>((resolve) => (tellCancelled = () => resolve("both")));
  const listener = await listenHttp(0, async () => ({
    status: 200,
    headers: {},
    body: {
      next: () => {
        begun += 1;
        if (begun === 2) tellBegun();
        return new Promise<undefined>(() => {});
      },
      cancel: () => {
        cancelled += 1;
        if (cancelled === 2) tellCancelled();
      },
    },
  }));
  const client = connect(listener.port, "127.0.0.1");
  client.write("GET /a HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /b HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
  await bothBegun;
  client.destroy();
  const limit = new Promise<string>((resolve) => setTimeout(() => resolve(`only ${cancelled}`), 2_000));
  expect(await Promise.race([bothCancelled, limit])).toBe("both");
  // Nobody is left whose answer could be waited for.
  const began = performance.now();
  await listener.close(5_000);
  expect(performance.now() - began).toBeLessThan(4_000);
});

/** What comes back on a connection of its own, until it is closed. */
async function exchange(port: number, text: string): Promise<string> {
  const client = connect(port, "127.0.0.1");
  client.write(text);
  let answer = "";
  for await (const piece of client) answer += String(piece);
  return answer;
}

const headOf = (answer: string) =>
  answer
    .slice(0, answer.indexOf("\r\n\r\n"))
    .split("\r\n")
    .filter((line) => !line.startsWith("Date: "));

it("answers HEAD with the head of GET, its length included, and nothing behind it", async () => {
  let cancelled = 0;
  const pieces = () => ({
    next: async () => undefined,
    cancel: () => {
      cancelled += 1;
    },
  });
  const listener = await listenHttp(0, async ({ target }) => ({
    status: 200,
    headers: { "content-type": "text/plain" },
    body: target === "/text" ? "füür" : pieces(),
  }));
  const ask = (method: string, path: string) =>
    exchange(listener.port, `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
  const [get, head] = [await ask("GET", "/text"), await ask("HEAD", "/text")];
  expect(get.endsWith("\r\n\r\nfüür")).toBe(true);
  expect(headOf(head)).toEqual(headOf(get));
  expect(headOf(head)).toContain("content-length: 6");
  expect(head.endsWith("\r\n\r\n")).toBe(true);
  const stream = await ask("HEAD", "/stream");
  expect(stream.endsWith("\r\n\r\n")).toBe(true);
  expect(stream.toLowerCase()).not.toContain("content-length");
  expect(cancelled).toBeGreaterThan(0);
  await listener.close(0);
});

it("says of a body that breaks off that its client went, and keeps the connection of one that is left early", async () => {
  let tell = (_: unknown) => {};
  const thrown = new Promise<unknown>((resolve) => (tell = resolve));
  const listener = await listenHttp(0, async ({ target, body }) => {
    try {
      for await (const _ of body) if (target === "/early") break;
    } catch (caught) {
      tell(caught);
    }
    return { status: 200, headers: {}, body: "done" };
  });
  const post = (path: string) => `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 6\r\n\r\nabc`;
  const client = connect(listener.port, "127.0.0.1");
  client.write(post("/early"));
  await new Promise((resolve) => client.once("data", resolve));
  client.write("def");
  client.write(post("/late"));
  client.end();
  expect(await thrown).toBeInstanceOf(ClientGone);
  client.destroy();
  await listener.close(0);
});

/** Wakes whoever waits for `flag` when the text that it looks for has come. */
const clientScript = `
const { workerData: { port, flag } } = require("node:worker_threads");
const socket = require("node:net").connect(port, "127.0.0.1");
let got = "";
socket.setEncoding("utf8").on("data", (piece) => {
  got += piece;
  if (!got.includes("first piece")) return;
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  socket.destroy();
});
socket.write("GET / HTTP/1.1\\r\\nhost: 127.0.0.1\\r\\n\\r\\n");
`;

it("has handed a piece to the system before it looks for the next one", async () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const pieces = ["first piece"];
  let waited = "";
  const listener = await listenHttp(0, async () => ({
    status: 200,
    headers: {},
    body: {
      next: () => {
        const piece = pieces.shift();
        // This thread does nothing more until the client has it.
        if (piece === undefined) waited = Atomics.wait(flag, 0, 0, 2_000);
        return Promise.resolve(piece);
      },
      cancel: () => {},
    },
  }));
  const client = new Worker(clientScript, { eval: true, workerData: { port: listener.port, flag } });
  await new Promise((resolve) => client.once("exit", resolve));
  await listener.close(1_000);
  expect(["ok", "not-equal"]).toContain(waited);
});
