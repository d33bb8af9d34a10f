/**
 * A small server with the HTTP interface that coding-orchestrator and controller share, and with the same habits: live
 * runs in a map, the session named by its agent's first words, a snapshot written in place, one bad line hides a log.
 *
 * It is what their subjects are tried against where there is no checkout of the real ones. PORT and CONTROLLER_HOME as
 * controller has them.
 */
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";

interface StoredEvent {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

const home = process.env["CONTROLLER_HOME"] ?? ".";
const projectsPath = join(home, "projects.json");
const store = join(home, "projects", "one");
mkdirSync(join(store, "sessions"), { recursive: true });
mkdirSync(join(store, "events"), { recursive: true });
const live = new Set<string>();

function readJson<T>(path: string, otherwise: T): T {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return otherwise;
  }
}

const projects = (): { id: string; name: string; path: string }[] => readJson(projectsPath, []);
const session = (id: string): object | undefined =>
  readJson(join(store, "sessions", `${id}.json`), undefined);

function events(id: string): StoredEvent[] {
  try {
    const text = readFileSync(join(store, "events", `${id}.jsonl`), "utf8");
    return text
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

function keep(id: string, type: string, data: object): void {
  appendFileSync(join(store, "events", `${id}.jsonl`), `${JSON.stringify({ type, data })}\n`);
}

/** The live event as it is stored: without its call's id. */
function storedAs(event: Record<string, unknown>): StoredEvent | undefined {
  const { type, text, name: tool, input, content, isError } = event;
  if (type === "assistant.text")
    return { type: "assistant_response", data: { content: [{ type: "text", text }] } };
  if (type === "tool.call") return { type: "tool_call", data: { tool, input } };
  if (type === "tool.result") return { type: "tool_result", data: { tool, content, isError } };
  return undefined;
}

function stream(query: URLSearchParams, cwd: string, response: ServerResponse): void {
  const [message, resumed, provider] = ["message", "resumeSessionId", "provider"].map((name) =>
    query.get(name),
  );
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (frame: object) => response.write(`data: ${JSON.stringify(frame)}\n\n`);
  send({ type: "started" });
  const args = ["--stream-json", "--auto-approve", "--model", "m", "chat", message ?? ""];
  const child = spawn(provider ?? "", resumed ? [...args, "--resume", resumed] : args, {
    cwd,
    stdio: ["pipe", "pipe", "ignore"],
  });
  let [id, rest] = [resumed ?? "", ""];
  child.on("error", ({ message: text }) => {
    send({ type: "error", text });
    response.end();
  });
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.type === "run.started") {
        id = event.sessionId;
        live.add(id);
        keep(id, "user_message", { text: message });
        writeFileSync(
          join(store, "sessions", `${id}.json`),
          JSON.stringify({ id, status: "active", provider }),
        );
      }
      const stored = storedAs(event);
      if (stored !== undefined) keep(id, stored.type, stored.data);
      send({ type: "anita_event", event });
    }
  });
  child.on("close", (exitCode) => {
    live.delete(id);
    send({ type: "done", exitCode });
    response.end();
  });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, , what, project, , name, part] = url.pathname.split("/");
  if (what === "runtimes") return answer(response, 200, { sessions: [...live] });
  if (what === "projects" && project === undefined) {
    if (request.method !== "POST") return answer(response, 200, projects());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const made = { id: "p1", ...JSON.parse(Buffer.concat(chunks).toString()) };
    writeFileSync(projectsPath, JSON.stringify([...projects(), made]));
    return answer(response, 201, made);
  }
  const found = projects().find(({ id }) => id === project);
  if (found === undefined) return answer(response, 404, { error: "Project not found" });
  if (name === "stream") return stream(url.searchParams, found.path, response);
  if (name === undefined) {
    const ids = readdirSync(join(store, "sessions")).map((file) => file.replace(".json", ""));
    return answer(
      response,
      200,
      ids.flatMap((id) => session(id) ?? []),
    );
  }
  if (session(name) === undefined) return answer(response, 404, { error: "Session not found" });
  if (part === "events") return answer(response, 200, events(name));
  answer(response, 200, part === "runtime" ? { active: live.has(name) } : session(name));
}).listen(Number(process.env["PORT"]), "127.0.0.1");
