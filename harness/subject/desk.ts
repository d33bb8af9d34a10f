/**
 * Subjects: the desk in `desk/`, and the desk in `desk-with-import/` whose runs are held by the library.
 *
 * Always: it renames. The bare desk has no word for an unknown outcome and no surface for divergence.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Context, ObservedCall, ObservedSession, Refusable, Shown, Subject } from "./contract.ts";
import { heldFiles } from "./held-files.ts";
import { requestJson, UnexpectedAnswer } from "./http.ts";
import { CallSchema, FindingSchema, flag, observedCall } from "./reference-api.ts";
import { readSse } from "./sse.ts";
import { baseUrl, reloadServer, spawnServer, stopServer, writeModuleServer, writeServer } from "./start.ts";

const ItemSchema = z.looseObject({
  what: z.string(),
  words: z.string().optional(),
  ref: z.string().optional(),
  tool: z.string().optional(),
  given: z.unknown().optional(),
  bad: z.boolean().optional(),
  bytes: z.object({ fromByte: z.number(), toByte: z.number() }).optional(),
});
type Item = z.infer<typeof ItemSchema>;

const JobSchema = z.looseObject({
  job: z.string(),
  phase: z.string(),
  feed: z.array(ItemSchema),
  calls: z.array(CallSchema).optional(),
  findings: z.array(FindingSchema).optional(),
});
const JobsSchema = z.looseObject({ jobs: z.array(z.looseObject({ job: z.string() })) });
const AcceptedSchema = z.looseObject({ job: z.string() });

const health = "/ping";
const file = (ctx: Context): string => join(ctx.dir, "jobs.json");
const entryOf = (folder: string): string => fileURLToPath(new URL(`./${folder}/server.ts`, import.meta.url));

const desk: Subject = {
  name: "desk",
  can: { resume: true, reload: ["tsx", "node-watch"], flags: false, cursor: false, stop: true, damage: true },

  setup: (ctx) => writeServer(ctx, entryOf("desk")),

  async start(ctx) {
    const server = spawnServer(ctx, [
      "--file",
      file(ctx),
      "--port",
      String(ctx.port),
      "--agent",
      ctx.agentPath,
    ]);
    const [, url = "", pid] = await server.line(/^desk open on (http:\S+) as (\d+)$/);
    return { pid: Number(pid), url };
  },

  submit: (ctx, { prompt, session, key }) =>
    session === undefined
      ? post(ctx, "/jobs", { words: prompt, ticket: key })
      : post(ctx, `${pathOf(session)}/more`, { words: prompt, ticket: key, acknowledge: true }),

  resume: (ctx, session, prompt) =>
    post(ctx, `${pathOf(session)}/more`, { words: prompt, acknowledge: true }),

  async *events(ctx, session) {
    for await (const frame of readSse(`${baseUrl(ctx)}${pathOf(session)}/feed`, { signal: ctx.signal }))
      yield shown(ItemSchema.parse(JSON.parse(frame.data)));
  },

  async observe(ctx) {
    const { jobs } = JobsSchema.parse(await get(ctx, "/jobs"));
    return { sessions: await Promise.all(jobs.map(({ job }) => observeJob(ctx, job))) };
  },

  files: (ctx) => Promise.resolve([{ role: "index", path: file(ctx) }]),
  reload: (ctx) => reloadServer(ctx, health),
  stop: (ctx) => stopServer(ctx, health),
};
export default desk;

/** The desk with the import. */
export const deskWithImport: Subject = {
  ...desk,
  name: "desk-with-import",
  can: { ...desk.can, flags: true },
  setup: (ctx) => writeModuleServer(ctx, entryOf("desk-with-import")),
  files: (ctx) => heldFiles(`${file(ctx)}.hold`),
};

async function observeJob(ctx: Context, id: string): Promise<ObservedSession> {
  const job = JobSchema.parse(await get(ctx, pathOf(id)));
  const isHeld = job.findings !== undefined;
  const isOver = ["completed", "failed", "cancelled"].includes(job.phase);
  const isLive = job.phase === "busy" || job.phase === "live";
  return {
    id,
    state: job.phase,
    ended: !isHeld || job.phase === "unreadable" ? "unknown" : isOver ? "yes" : "no",
    live: job.phase === "unreadable" ? "unknown" : isLive ? "yes" : "no",
    calls: job.calls === undefined ? calls(job.feed) : job.calls.map(observedCall),
    history: job.feed.map(shown),
    flags: job.findings === undefined ? "no-surface" : job.findings.map(flag),
  };
}

/** The bare desk draws a tool that is not over with the spinner of one that runs. */
function calls(feed: readonly Item[]): ObservedCall[] {
  const found: ObservedCall[] = [];
  for (const item of feed) {
    const named = {
      name: item.tool ?? "",
      input: item.given,
      ...(item.ref === undefined ? {} : { id: item.ref }),
    };
    if (item.what === "tool-begun") found.push({ ...named, state: "running" });
    if (item.what !== "tool-over") continue;
    const at = found.findLastIndex((call) => call.id === item.ref && call.state === "running");
    const call = found[at] ?? named;
    found[at < 0 ? found.length : at] = {
      ...call,
      state: item.bad === true ? "failed" : "done",
      result: item.words ?? "",
    };
  }
  return found;
}

const types: Readonly<Record<string, Shown["type"]>> = {
  asked: "prompt",
  spoke: "text",
  "tool-begun": "call",
  "tool-over": "result",
  settled: "end",
  gap: "hole",
};

function shown(item: Item): Shown {
  return {
    type: types[item.what] ?? "other",
    ...(item.ref === undefined ? {} : { callId: item.ref }),
    ...(item.tool === undefined ? {} : { name: item.tool }),
    ...(item.given === undefined ? {} : { input: item.given }),
    ...(item.words === undefined ? {} : { text: item.words }),
    ...(item.bad === undefined ? {} : { isError: item.bad }),
    ...(item.bytes === undefined ? {} : { range: item.bytes }),
  };
}

const pathOf = (job: string): string => `/jobs/${encodeURIComponent(job)}`;

async function get(ctx: Context, path: string): Promise<unknown> {
  const { status, body, text } = await requestJson(`${baseUrl(ctx)}${path}`, { signal: ctx.signal });
  if (status !== 200) throw new UnexpectedAnswer(`GET ${path}`, status, text);
  return body;
}

async function post(
  ctx: Context,
  path: string,
  body: object,
): Promise<Refusable<{ readonly session: string }>> {
  const answer = await requestJson(`${baseUrl(ctx)}${path}`, { method: "POST", body, signal: ctx.signal });
  if (answer.status >= 300) return { ok: false, status: answer.status, message: answer.text };
  return { ok: true, session: AcceptedSchema.parse(answer.body).job };
}
