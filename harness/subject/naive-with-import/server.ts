/**
 * A naive orchestrator: HTTP and SSE over agents on pipes, as such programs are commonly written.
 *
 * It exists to be killed: the harness must find, by itself, that it loses what was shown, forgets live agents,
 * calls everything "active", and repeats finished work. It flags nothing and reconciles nothing.
 *
 *     node naive.mjs --dir DIR --port N --agent PATH        the agents work in the current folder
 *
 * POST /api/sessions {prompt, key} · POST /api/sessions/:id/resume {prompt} · POST /api/sessions/:id/stop ·
 * GET /api/health, /api/sessions, /api/sessions/:id, /api/sessions/:id/stream (SSE from the start, no cursor)
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { type HeldSession, openHold } from "holdfast/hold";
import { Runs } from "./runs.ts";
import { Store } from "./store.ts";

const requestBytesMax = 16 * 1024 * 1024;

const { values: flags } = parseArgs({
  options: { dir: { type: "string" }, port: { type: "string" }, agent: { type: "string" } },
});
if (flags.dir === undefined || flags.port === undefined || flags.agent === undefined) {
  process.stderr.write("The naive orchestrator needs --dir DIR --port N --agent PATH.\n");
  process.exit(2);
}
const store = new Store(flags.dir);
const runs = new Runs(store, flags.agent);
const hold = await openHold({ folder: `${flags.dir}/hold`, agent: "ada", onAgent: (it) => runs.follow(it) });

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => answer(response, 400, { error: String(error) }));
});
server.on("error", (error) => {
  process.stderr.write(`The naive orchestrator cannot listen on port ${flags.port}: ${error.message}\n`);
  process.exit(1);
});
server.listen(Number(flags.port), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : flags.port;
  process.stdout.write(`listening http://127.0.0.1:${port} pid ${process.pid}\n`);
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts = new URL(request.url ?? "/", "http://localhost").pathname.split("/").slice(1);
  const [api, what, id, action] = parts;
  const route = `${request.method} ${action ?? ""}`;
  if (api !== "api" || parts.length > 4) return answer(response, 404, { error: "Not found" });
  if (what === "health" && id === undefined) return answer(response, 200, { ok: true, pid: process.pid });
  if (what !== "sessions") return answer(response, 404, { error: "Not found" });
  if (id === undefined) {
    if (request.method === "GET") return answer(response, 200, { sessions: hold.sessions().map(withLive) });
    if (request.method === "POST") return submit(response, await readJson(request));
    return answer(response, 405, { error: "Use GET or POST" });
  }
  const session = await hold.look(id);
  if (session === undefined) return answer(response, 404, { error: "Session not found" });
  if (route === "GET ") {
    const events = (await hold.history(id)).map(runs.event);
    return answer(response, 200, { ...withLive(session), events });
  }
  if (route === "GET stream") return stream(request, response, id);
  if (route === "POST stop") return answer(response, 200, { stopped: runs.stop(id) });
  if (route === "POST resume") {
    const { prompt, acknowledge } = await readJson(request);
    const started = await runs.start(hold, id, String(prompt), { acknowledge: acknowledge === true });
    if ("refusal" in started) return answer(response, started.refusal.status, started.refusal);
    return answer(response, 202, { id });
  }
  answer(response, 404, { error: "Not found" });
}

function withLive(session: HeldSession): object {
  return { ...Object(session.about), ...session, status: session.state };
}

async function submit(response: ServerResponse, body: Readonly<Record<string, unknown>>): Promise<void> {
  const prompt = String(body.prompt);
  const key = String(body.key);
  const known = hold.session(store.byKey(key) ?? "")?.id;
  if (known !== undefined) {
    answer(response, 200, { id: known });
    return;
  }
  const id = randomUUID();
  store.add({ id, title: prompt.slice(0, 60), key });
  const started = await runs.start(hold, id, prompt, { key, about: { title: prompt.slice(0, 60) } });
  if ("refusal" in started) return answer(response, started.refusal.status, started.refusal);
  answer(response, 201, { id: started.session.id });
}

async function stream(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.flushHeaders();
  const show = (event: unknown): void => {
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  for await (const entry of hold.follow(id, { until: request })) show(runs.event(entry));
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part: Buffer = chunk;
    bytes += part.length;
    if (bytes > requestBytesMax) throw new Error("The request is too large");
    chunks.push(part);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  if (typeof body !== "object" || body === null) throw new Error("The body must be a JSON object");
  return { ...body };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
