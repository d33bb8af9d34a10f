/**
 * A second orchestrator of the kind that loses: everything in memory, one JSON file for all jobs, its own words.
 *
 * It shares nothing with the other one but the way of thinking: agents on pipes, a Map of who is busy, a file that is
 * written when a run is over. It exists to show that what heals the other heals it too.
 *
 *     node desk.mjs --file FILE --port N --agent PATH        the agents work in the current folder
 *
 * POST /jobs {words, ticket} · POST /jobs/:job/more {words} · POST /jobs/:job/halt ·
 * GET /ping, /jobs, /jobs/:job, /jobs/:job/feed (SSE from the start, no cursor)
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { type FeedItem, itemOf } from "./feed.ts";

/** One job: a conversation with an agent. */
interface Job {
  readonly job: string;
  readonly ticket: string;
  /** The agent's own name for it. */
  thread?: string;
  readonly feed: FeedItem[];
}

const { values: flags } = parseArgs({
  options: { file: { type: "string" }, port: { type: "string" }, agent: { type: "string" } },
});
const { file = "jobs.json", port = "0", agent = "ada" } = flags;
const jobs = new Map<string, Job>(load().map((job) => [job.job, job]));
const busy = new Map<string, ChildProcess>();
const watchers = new Map<string, Set<(item: FeedItem) => void>>();

createServer((request, response) => {
  handle(request, response).catch((error: unknown) => answer(response, 400, { problem: String(error) }));
}).listen(Number(port), "127.0.0.1", () => {
  process.stdout.write(`desk open on http://127.0.0.1:${port} as ${process.pid}\n`);
});

function load(): Job[] {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

function save(): void {
  writeFileSync(file, JSON.stringify([...jobs.values()]));
}

function add(job: Job, item: FeedItem): void {
  job.feed.push(item);
  for (const show of watchers.get(job.job) ?? []) show(item);
}

function work(job: Job, words: string): void {
  const args = ["--stream-json", "--auto-approve", "--model", "fake/model", "chat", words];
  const resume = job.thread === undefined ? [] : ["--resume", job.thread];
  const child = spawn(agent, [...args, ...resume], { stdio: ["ignore", "pipe", "ignore"] });
  add(job, { what: "asked", words });
  attend(job, child);
}

function attend(job: Job, child: ChildProcess): void {
  busy.set(job.job, child);
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const item = itemOf(line);
      if (item.thread !== undefined) job.thread = item.thread;
      add(job, item);
    }
  });
  child.on("error", (error) => add(job, { what: "trouble", words: error.message }));
  child.on("close", () => {
    if (busy.get(job.job) === child) busy.delete(job.job);
    save();
  });
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, first, id, action] = new URL(request.url ?? "/", "http://localhost").pathname.split("/");
  const what = [request.method, first, id === undefined ? "" : ":job", action].filter(Boolean).join(" ");
  if (what === "GET ping") return answer(response, 200, { pid: process.pid });
  if (what === "GET jobs") return answer(response, 200, { jobs: [...jobs.values()].map(summary) });
  if (what === "POST jobs") return submit(response, await readJson(request));
  const job = jobs.get(id ?? "");
  if (job === undefined) return answer(response, 404, { problem: "No such job" });
  if (what === "GET jobs :job") return answer(response, 200, { ...summary(job), feed: job.feed });
  if (what === "GET jobs :job feed") return stream(request, response, job);
  if (what === "POST jobs :job halt")
    return answer(response, 200, { halted: busy.get(job.job)?.kill() ?? false });
  if (what === "POST jobs :job more") {
    work(job, String((await readJson(request)).words));
    return answer(response, 202, { job: job.job });
  }
  answer(response, 404, { problem: "No such place" });
}

function summary(job: Job): object {
  return { job: job.job, phase: busy.has(job.job) ? "busy" : "idle" };
}

function submit(response: ServerResponse, { words, ticket }: Readonly<Record<string, unknown>>): void {
  const known = [...jobs.values()].find((job) => job.ticket === ticket);
  if (known !== undefined) {
    answer(response, 200, { job: known.job });
    return;
  }
  const job: Job = { job: `job-${jobs.size + 1}`, ticket: String(ticket), feed: [] };
  jobs.set(job.job, job);
  save();
  work(job, String(words));
  answer(response, 201, { job: job.job });
}

function stream(request: IncomingMessage, response: ServerResponse, job: Job): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.flushHeaders();
  const show = (item: FeedItem): void => {
    response.write(`event: ${item.what}\ndata: ${JSON.stringify(item)}\n\n`);
  };
  for (const item of job.feed) show(item);
  const here = watchers.get(job.job) ?? new Set();
  watchers.set(job.job, here.add(show));
  request.on("close", () => here.delete(show));
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return { ...JSON.parse(text) };
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
