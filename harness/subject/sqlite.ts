/**
 * Subject: the small orchestrator in `sqlite/`, whose writes are made by native code.
 *
 * Always: it renames. A call without a result is "unknown" where no agent works, which is what its page says.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Context, ObservedCall, Refusable, Shown, Subject } from "./contract.ts";
import { requestJson } from "./http.ts";
import { SubjectLoadError } from "./load.ts";
import { readSse } from "./sse.ts";
import { baseUrl, spawnServer, stopServer, writeServer } from "./start.ts";

const entry = fileURLToPath(new URL("./sqlite/server.ts", import.meta.url));

const EventSchema = z.looseObject({
  type: z.string(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  text: z.string().optional(),
  content: z.string().optional(),
  isError: z.boolean().optional(),
});
type Event = z.infer<typeof EventSchema>;
const ListSchema = z.object({
  sessions: z.array(z.object({ id: z.string(), live: z.boolean(), events: z.array(EventSchema) })),
});

const sqlite: Subject = {
  name: "sqlite",
  can: { resume: true, reload: [], flags: false, cursor: false, stop: false, damage: false },

  setup: (ctx) => writeServer(ctx, entry),

  async start(ctx) {
    const server = spawnServer(ctx, [
      ...["--file", join(ctx.dir, "state.sqlite"), "--port", String(ctx.port)],
      ...["--agent", ctx.agentPath, "--driver", driverPath()],
    ]);
    const [, url = "", pid] = await server.line(/^listening (http:\S+) pid (\d+)$/);
    return { pid: Number(pid), url };
  },

  submit: (ctx, { prompt, session, key }) =>
    post(ctx, session === undefined ? "/sessions" : `/sessions/${session}`, { prompt, key }),
  resume: (ctx, session, prompt) => post(ctx, `/sessions/${session}`, { prompt }),

  async *events(ctx, session) {
    for await (const { data } of readSse(`${baseUrl(ctx)}/sessions/${session}/stream`, {
      signal: ctx.signal,
    }))
      yield shown(EventSchema.parse(JSON.parse(data)));
  },

  async observe(ctx) {
    const { status, body, text } = await requestJson(`${baseUrl(ctx)}/sessions`, { signal: ctx.signal });
    if (status !== 200) throw new Error(`GET /sessions answered ${status}: ${text.slice(0, 200)}`);
    return {
      sessions: ListSchema.parse(body).sessions.map(({ id, live, events }) => ({
        id,
        state: live ? "working" : "idle",
        ended: "unknown" as const,
        live: live ? ("yes" as const) : ("no" as const),
        calls: calls(events, live),
        history: events.map(shown),
        flags: "no-surface" as const,
      })),
    };
  },

  files: async (ctx) => [{ role: "journal", path: join(ctx.dir, "state.sqlite") }],
  stop: (ctx) => stopServer(ctx, "/health"),
};
export default sqlite;

/** The driver is for development alone, since its binary is large. */
function driverPath(): string {
  try {
    return createRequire(import.meta.url).resolve("libsql");
  } catch (error) {
    throw new SubjectLoadError(
      "The subject sqlite needs the package libsql, which a checkout of this project has: install its development dependencies.",
      { cause: error },
    );
  }
}

function calls(events: readonly Event[], live: boolean): ObservedCall[] {
  const found = new Map<string, ObservedCall>();
  for (const { type, id = "", name = "", input, content = "", isError } of events) {
    if (type === "tool.call") found.set(id, { id, name, input, state: live ? "running" : "unknown" });
    const call = found.get(id);
    if (type === "tool.result" && call !== undefined)
      found.set(id, { ...call, state: isError === true ? "failed" : "done", result: content });
  }
  return [...found.values()];
}

const types: Readonly<Record<string, Shown["type"]>> = {
  "user.message": "prompt",
  "assistant.text": "text",
  "tool.call": "call",
  "tool.result": "result",
  "run.completed": "end",
  "run.failed": "end",
};

function shown({ type, id, name, input, text, content, isError }: Event): Shown {
  const words = text ?? content;
  return {
    type: types[type] ?? "other",
    ...(id === undefined ? {} : { callId: id }),
    ...(name === undefined ? {} : { name }),
    ...(input === undefined ? {} : { input }),
    ...(words === undefined ? {} : { text: words }),
    ...(isError === undefined ? {} : { isError }),
  };
}

async function post(
  ctx: Context,
  path: string,
  body: object,
): Promise<Refusable<{ readonly session: string }>> {
  const answered = await requestJson(`${baseUrl(ctx)}${path}`, { method: "POST", body, signal: ctx.signal });
  if (answered.status >= 300) return { ok: false, status: answered.status, message: answered.text };
  return { ok: true, session: z.object({ id: z.string() }).parse(answered.body).id };
}
