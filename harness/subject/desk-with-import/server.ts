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
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { type AgentChild, type HoldEntry, openHold, type SpawnOptions } from "holdfast/hold";
import { type FeedItem, itemOf } from "./feed.ts";

/** One job: a conversation with an agent. */
interface Job {
  readonly job: string;
  readonly feed: FeedItem[];
}

const { values: flags } = parseArgs({
  options: { file: { type: "string" }, port: { type: "string" }, agent: { type: "string" } },
});
const { file = "jobs.json", port = "0", agent = "ada" } = flags;
const hold = await openHold({ folder: `${file}.hold`, agent: "ada" });
const jobs = new Map<string, Job>();
const busy = new Map<string, AgentChild>();
const watchers = new Map<string, Set<(item: FeedItem) => void>>();

const open = new Map(hold.recovered.map((one) => [one.session.id, one]));
for (const { id } of hold.sessions()) {
  const job = { job: id, feed: (await hold.history(id, open.get(id)?.position)).flatMap(itemsOf) };
  const child = open.get(id)?.child;
  jobs.set(id, job);
  if (child !== undefined) attend(job, child);
}

createServer((request, response) => {
  handle(request, response).catch((error: unknown) => answer(response, 400, { problem: String(error) }));
}).listen(Number(port), "127.0.0.1", () => {
  process.stdout.write(`desk open on http://127.0.0.1:${port} as ${process.pid}\n`);
});

/** What stands in the feed for one thing on record. */
function itemsOf(entry: HoldEntry): FeedItem[] {
  if (entry.kind === "prompt") return [{ what: "asked", words: entry.text }];
  if (entry.kind === "line") return [itemOf(entry.text)];
  return entry.kind === "hole" ? [{ what: "gap", bytes: entry.range }] : [];
}

function add(job: Job, item: FeedItem): void {
  job.feed.push(item);
  for (const show of watchers.get(job.job) ?? []) show(item);
}

async function work(response: ServerResponse, words: string, options: Omit<SpawnOptions, "prompt">) {
  const args = ["--stream-json", "--auto-approve", "--model", "fake/model", "chat"];
  const started = await hold.spawn(
    agent,
    ({ prompt, resume }) => [...args, prompt, ...(resume === undefined ? [] : ["--resume", resume])],
    { ...options, prompt: words },
  );
  if ("refusal" in started) return answer(response, started.refusal.status, started.refusal);
  const { id } = started.session;
  if (!started.repeated) {
    const job = jobs.get(id) ?? { job: id, feed: [] };
    jobs.set(id, job);
    add(job, { what: "asked", words });
    attend(job, started.child);
  }
  answer(response, started.repeated ? 200 : 201, { job: id });
}

function attend(job: Job, child: AgentChild): void {
  busy.set(job.job, child);
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      add(job, itemOf(line));
    }
  });
  child.on("error", (error) => add(job, { what: "trouble", words: error.message }));
  child.on("close", () => {
    if (busy.get(job.job) === child) busy.delete(job.job);
  });
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, first, id, action] = new URL(request.url ?? "/", "http://localhost").pathname.split("/");
  const what = [request.method, first, id === undefined ? "" : ":job", action].filter(Boolean).join(" ");
  if (what === "GET ping") return answer(response, 200, { pid: process.pid });
  if (what === "GET jobs") return answer(response, 200, { jobs: [...jobs.values()].map(summary) });
  if (what === "POST jobs") {
    const { words, ticket } = await readJson(request);
    return work(response, String(words), { key: String(ticket) });
  }
  const job = jobs.get(id ?? "");
  if (job === undefined) return answer(response, 404, { problem: "No such job" });
  if (what === "GET jobs :job") {
    return answer(response, 200, { ...summary(job), ...(await hold.look(job.job)), feed: job.feed });
  }
  if (what === "GET jobs :job feed") return stream(request, response, job);
  if (what === "POST jobs :job halt")
    return answer(response, 200, { halted: busy.get(job.job)?.kill() ?? false });
  if (what === "POST jobs :job more") {
    const { words, ticket, acknowledge } = await readJson(request);
    const key = ticket === undefined ? {} : { key: String(ticket) };
    return work(response, String(words), { session: job.job, ...key, acknowledge: acknowledge === true });
  }
  answer(response, 404, { problem: "No such place" });
}

function summary(job: Job): object {
  return { job: job.job, phase: hold.session(job.job)?.state };
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
