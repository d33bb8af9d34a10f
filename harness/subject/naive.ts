/**
 * Subject: the naive orchestrator in `naive/`, which loses what such orchestrators lose.
 *
 * Always: it renames. Where the naive server has no word, this file has none: every session is "active", an open
 * call looks like a running one, and there is no surface on which divergence could be flagged.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type {
  Context,
  ObservedCall,
  ObservedSession,
  Refusable,
  Shown,
  Subject,
  SubjectFile,
} from "./contract.ts";
import { requestJson, UnexpectedAnswer } from "./http.ts";
import { readSse } from "./sse.ts";
import { baseUrl, reloadServer, spawnServer, stopServer, writeServer } from "./start.ts";

const entry = fileURLToPath(new URL("./naive/server.ts", import.meta.url));
export const health = "/api/health";

export const EventSchema = z.looseObject({
  type: z.string(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  text: z.string().optional(),
  content: z.string().optional(),
  isError: z.boolean().optional(),
  range: z.object({ fromByte: z.number(), toByte: z.number() }).optional(),
});
export const SessionSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  live: z.boolean(),
  events: z.array(EventSchema),
});
export const ListSchema = z.looseObject({ sessions: z.array(z.looseObject({ id: z.string() })) });
const AcceptedSchema = z.looseObject({ id: z.string() });

const naive: Subject = {
  name: "naive",
  can: { resume: true, reload: ["tsx", "node-watch"], flags: false, cursor: false, stop: true, damage: true },

  setup: (ctx) => writeServer(ctx, entry),

  async start(ctx) {
    const server = spawnServer(ctx, [
      "--dir",
      join(ctx.dir, "data"),
      "--port",
      String(ctx.port),
      "--agent",
      ctx.agentPath,
    ]);
    const [, url = "", pid] = await server.line(/^listening (http:\S+) pid (\d+)$/);
    return { pid: Number(pid), url };
  },

  async submit(ctx, { prompt, session, key }) {
    if (session === undefined) return post(ctx, "/api/sessions", { prompt, key });
    return post(ctx, `/api/sessions/${encodeURIComponent(session)}/resume`, { prompt });
  },

  resume: (ctx, session, prompt) =>
    post(ctx, `/api/sessions/${encodeURIComponent(session)}/resume`, { prompt }),

  async *events(ctx, session) {
    const url = `${baseUrl(ctx)}/api/sessions/${encodeURIComponent(session)}/stream`;
    for await (const frame of readSse(url, { signal: ctx.signal })) {
      yield shown(EventSchema.parse(JSON.parse(frame.data)));
    }
  },

  async observe(ctx) {
    const { sessions } = ListSchema.parse(await get(ctx, "/api/sessions"));
    return { sessions: await Promise.all(sessions.map(({ id }) => observeSession(ctx, id))) };
  },

  async files(ctx) {
    const folder = join(ctx.dir, "data", "sessions");
    const ids = (await readdir(folder).catch((): string[] => [])).sort();
    const perSession = ids.flatMap((session): SubjectFile[] => [
      { role: "log", path: join(folder, session, "events.jsonl"), session },
      { role: "snapshot", path: join(folder, session, "session.json"), session },
    ]);
    return [{ role: "index", path: join(ctx.dir, "data", "index.json") }, ...perSession];
  },

  reload: (ctx) => reloadServer(ctx, health),
  stop: (ctx) => stopServer(ctx, health),
};
export default naive;

async function observeSession(ctx: Context, id: string): Promise<ObservedSession> {
  const session = SessionSchema.parse(await get(ctx, `/api/sessions/${encodeURIComponent(id)}`));
  return {
    id,
    state: session.status,
    ended: "unknown",
    live: session.live ? "yes" : "no",
    calls: calls(session.events),
    history: session.events.map(shown),
    flags: "no-surface",
  };
}

type NaiveEvent = z.infer<typeof EventSchema>;

/** A result belongs to the last open call of its id; a call without one is drawn with the spinner of a running one. */
function calls(events: readonly NaiveEvent[]): ObservedCall[] {
  const found: ObservedCall[] = [];
  for (const event of events) {
    if (event.type === "tool.call") found.push({ ...named(event), state: "running" });
    if (event.type !== "tool.result") continue;
    const at = found.findLastIndex((call) => call.id === event.id && call.state === "running");
    const state = event.isError === true ? "failed" : "done";
    const call = found[at] ?? named(event);
    found[at < 0 ? found.length : at] = { ...call, state, result: event.content ?? "" };
  }
  return found;
}

function named(event: NaiveEvent): { id?: string; name: string; input: unknown } {
  return { name: event.name ?? "", input: event.input, ...(event.id === undefined ? {} : { id: event.id }) };
}

const types: Readonly<Record<string, Shown["type"]>> = {
  "user.message": "prompt",
  "assistant.text": "text",
  "tool.call": "call",
  "tool.result": "result",
  "run.completed": "end",
  "run.failed": "end",
  hole: "hole",
};

export function shown(event: NaiveEvent): Shown {
  const type = types[event.type] ?? "other";
  const text = event.text ?? event.content;
  return {
    type,
    ...(event.id === undefined ? {} : { callId: event.id }),
    ...(event.name === undefined ? {} : { name: event.name }),
    ...(event.input === undefined ? {} : { input: event.input }),
    ...(text === undefined ? {} : { text }),
    ...(event.isError === undefined ? {} : { isError: event.isError }),
    ...(event.range === undefined ? {} : { range: event.range }),
  };
}

export async function get(ctx: Context, path: string): Promise<unknown> {
  const { status, body, text } = await requestJson(`${baseUrl(ctx)}${path}`, { signal: ctx.signal });
  if (status !== 200) throw new UnexpectedAnswer(`GET ${path}`, status, text);
  return body;
}

export async function post(
  ctx: Context,
  path: string,
  body: object,
): Promise<Refusable<{ readonly session: string }>> {
  const answer = await requestJson(`${baseUrl(ctx)}${path}`, { method: "POST", body, signal: ctx.signal });
  if (answer.status >= 300) return { ok: false, status: answer.status, message: answer.text };
  return { ok: true, session: AcceptedSchema.parse(answer.body).id };
}
