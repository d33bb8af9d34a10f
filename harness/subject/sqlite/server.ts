/**
 * A small orchestrator that keeps its state in SQLite: every event is in the database before it is shown.
 *
 * It exists because its writes are made by native code, where no hook in JavaScript sees them, and for the one thing
 * that is wrong in it (store.ts). Its agents hang on its pipes, as is common; it reconciles nothing.
 *
 *     node sqlite.mjs --file FILE --port N --agent PATH --driver FILE      the agents work in the current folder
 *
 * POST /sessions {prompt, key} · POST /sessions/:id {prompt} · GET /sessions · GET /sessions/:id/stream (SSE)
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { openStore } from "./store.ts";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({ options: { file: text, port: text, agent: text, driver: text } });
const { file = "", port = "", agent = "", driver = "" } = flags;
if ([file, port, agent, driver].includes("")) {
  process.stderr.write("The SQLite orchestrator needs --file FILE --port N --agent PATH --driver FILE.\n");
  process.exit(2);
}
const store = openStore(driver, file);
const live = new Set<string>();
const streams = new Map<string, Set<ServerResponse>>();

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => answer(response, 500, { error: String(error) }));
});
server.listen(Number(port), "127.0.0.1", () =>
  process.stdout.write(`listening http://127.0.0.1:${port} pid ${process.pid}\n`),
);
// A statement that failed half way leaves nothing that could be trusted: better to end than to go on.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, what, id, action] = new URL(request.url ?? "/", "http://localhost").pathname.split("/");
  if (what === "health") return answer(response, 200, { pid: process.pid });
  if (what !== "sessions") return answer(response, 404, { error: "Not found" });
  const body = request.method === "POST" ? await readJson(request) : {};
  if (id === undefined) return request.method === "POST" ? submit(response, body) : list(response);
  const session = store.session(id);
  if (session === undefined) return answer(response, 404, { error: "Session not found" });
  if (action === "stream") return stream(response, id);
  if (live.has(id)) return answer(response, 409, { error: "An agent works on this session" });
  start(id, String(body["prompt"]), session.agent);
  return answer(response, 202, { id });
}

function submit(response: ServerResponse, body: Readonly<Record<string, unknown>>): void {
  const key = String(body["key"]);
  const known = store.byKey(key);
  const id = known ?? randomUUID();
  if (known === undefined) {
    store.add(id, key);
    start(id, String(body["prompt"]), null);
  }
  answer(response, known === undefined ? 201 : 200, { id });
}

function list(response: ServerResponse): void {
  const sessions = store.sessions().map(({ id }) => ({
    id,
    live: live.has(id),
    events: store.events(id).map((line): unknown => JSON.parse(line)),
  }));
  answer(response, 200, { sessions });
}

function start(id: string, prompt: string, resume: string | null): void {
  const args = ["--stream-json", "--auto-approve", "--model", "fake/model", "chat", prompt];
  record(id, JSON.stringify({ type: "user.message", text: prompt }));
  const child = spawn(agent, resume === null ? args : [...args, "--resume", resume], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  live.add(id);
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(id, line);
  });
  child.on("close", () => live.delete(id));
}

function take(id: string, line: string): void {
  const event: unknown = JSON.parse(line);
  const { type, sessionId } = event as { type?: unknown; sessionId?: unknown };
  if (type === "run.started" && typeof sessionId === "string") store.setAgent(id, sessionId);
  record(id, line);
}

/** On the disk first, then shown. */
function record(id: string, line: string): void {
  store.append(id, line);
  for (const client of streams.get(id) ?? []) client.write(`data: ${line}\n\n`);
}

function stream(response: ServerResponse, id: string): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.flushHeaders();
  for (const line of store.events(id)) response.write(`data: ${line}\n\n`);
  const clients = streams.get(id) ?? new Set();
  streams.set(id, clients.add(response));
  response.on("close", () => clients.delete(response));
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  if (typeof body !== "object" || body === null) throw new Error("The body must be a JSON object");
  return { ...body };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
