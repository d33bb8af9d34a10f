/**
 * Template: your orchestrator under the harness. Copy this file anywhere, change it, and run
 *
 *     pnpm chaos --subject ./my-orchestrator.ts
 *
 * One file, one object. It renames and fetches: whatever it returns, your orchestrator said. It never infers:
 * what your orchestrator has no word for is "unknown", or "no-surface" for flags. Both are honest answers, and
 * the report counts them as what they are.
 *
 * It is written for a server that is started as `node server.js --dir DIR --port N --agent PATH`, prints
 * `listening http://… pid N` when it is ready, and speaks JSON and server-sent events. Where yours differs, change
 * the lines below; the comments say what each must do.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Context,
  type ObservedCall,
  type ObservedSession,
  readSse,
  requestJson,
  type Shown,
  type Subject,
  UnexpectedAnswer,
} from "holdfast/harness";

/** Your built server. A bundle starts fastest, and the time of a run is mostly the time of its starts. */
const serverFile = "/path/to/your/server.js";

const subject: Subject = {
  name: "example",

  // What your orchestrator can do. A promise that needs more is reported as not applicable, never as kept.
  can: {
    resume: true, // an interrupted session can be resumed
    reload: [], // "tsx", "node-watch", "signal": then write reload(ctx) as well
    flags: false, // it has a place where it says that its sources disagree
    cursor: false, // its event stream can be continued from an id
    stop: true, // it can be asked to end an agent
    damage: true, // its files may be damaged between kill and restart
  },

  // Called once a run. ctx.dir is yours and survives restarts; ctx.workspace is the project the agents work in.
  async setup(_ctx) {},

  // Start the server with ctx.spawn (so that it is killed and reaped by the harness), resolve when it can be asked.
  // The pid must be the server's own, not a watcher's. ctx.agentPath is the agent to start; a server that looks
  // its agent up over PATH finds it as well.
  async start(ctx) {
    const args = [
      serverFile,
      "--dir",
      join(ctx.dir, "data"),
      "--port",
      String(ctx.port),
      "--agent",
      ctx.agentPath,
    ];
    const server = ctx.spawn(process.execPath, args, { cwd: ctx.workspace, name: "server" });
    const [, url = "", pid] = await server.line(/listening (http:\S+) pid (\d+)/);
    return { pid: Number(pid), url };
  },

  // Resolve when the work is accepted. `key` is the same when the harness repeats a submit that got no answer.
  // A refusal is a value; a connection that breaks is a rejection.
  submit: (ctx, { prompt, session, key }) =>
    session === undefined
      ? post(ctx, "/api/sessions", { prompt, key })
      : post(ctx, `/api/sessions/${session}/resume`, { prompt }),

  resume: (ctx, session, prompt) => post(ctx, `/api/sessions/${session}/resume`, { prompt }),

  // Events as a client is shown them, until the connection ends; pass `after` on when `can.cursor` is true.
  async *events(ctx, session, _after) {
    const stream = readSse(`${base(ctx)}/api/sessions/${session}/stream`, { signal: ctx.signal });
    for await (const frame of stream) yield shown(JSON.parse(frame.data));
  },

  // Everything your orchestrator says of every session now.
  async observe(ctx) {
    const { sessions } = (await get(ctx, "/api/sessions")) as { sessions: { id: string }[] };
    return { sessions: await Promise.all(sessions.map(({ id }) => observeSession(ctx, id))) };
  },

  // Files that may be damaged, by role; say whose a file is, so that its neighbours are expected to stay whole.
  async files(ctx) {
    const folder = join(ctx.dir, "data", "sessions");
    const ids = await readdir(folder).catch(() => []);
    return ids.map((session) => ({ role: "log", path: join(folder, session, "events.jsonl"), session }));
  },

  // Your orderly way to end the server.
  async stop(ctx) {
    const { pid } = (await get(ctx, "/api/health")) as { pid: number };
    process.kill(pid, "SIGTERM");
  },
};
export default subject;

/** An event in your words. */
interface Event {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly text?: string;
  readonly content?: string;
  readonly isError?: boolean;
}

/** Your event types, renamed. What is not listed is "other"; "hole" is a reported loss with its byte range. */
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

async function observeSession(ctx: Context, id: string): Promise<ObservedSession> {
  const session = (await get(ctx, `/api/sessions/${id}`)) as {
    status: string;
    live: boolean;
    events: Event[];
  };
  return {
    id,
    state: session.status, // your own word
    ended: "unknown", // "yes" or "no" only if it says so
    live: session.live ? "yes" : "no",
    calls: calls(session.events),
    history: session.events.map(shown),
    flags: "no-surface", // or [{ code, callId?, cites }]: what it flags, with the evidence it names
  };
}

/** Use the call states your orchestrator shows; this one shows an open call as running. */
function calls(events: readonly Event[]): ObservedCall[] {
  const found = new Map<string, ObservedCall>();
  for (const { type, id = "", name = "", input, content = "", isError = false } of events) {
    if (type === "tool.call") found.set(id, { id, name, input, state: "running" });
    const call = found.get(id);
    if (type === "tool.result" && call !== undefined) {
      found.set(id, { ...call, state: isError ? "failed" : "done", result: content });
    }
  }
  return [...found.values()];
}

function base(ctx: Context): string {
  return `http://127.0.0.1:${ctx.port}`;
}

async function get(ctx: Context, path: string): Promise<unknown> {
  const { status, body, text } = await requestJson(`${base(ctx)}${path}`, { signal: ctx.signal });
  // From 500 on it is your server that failed: the run is judged by that.
  if (status !== 200) throw new UnexpectedAnswer(`GET ${path}`, status, text);
  return body;
}

async function post(ctx: Context, path: string, body: object) {
  const answer = await requestJson(`${base(ctx)}${path}`, { method: "POST", body, signal: ctx.signal });
  if (answer.status >= 300) return { ok: false as const, status: answer.status, message: answer.text };
  return { ok: true as const, session: (answer.body as { id: string }).id };
}
