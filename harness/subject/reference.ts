/**
 * Subject: the reference orchestrator of this project, over its public HTTP interface.
 *
 * Always: this is the one file of the harness that knows of `src`, and it knows only where the server's entry is.
 * Never: it reads no journal and takes no verdict apart: what is returned was answered by the server.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type {
  Context,
  ObservedCall,
  ObservedFlag,
  ObservedSession,
  Refusable,
  Shown,
  Subject,
  SubjectFile,
} from "./contract.ts";
import { type JsonAnswer, requestJson } from "./http.ts";
import { readSse } from "./sse.ts";
import { baseUrl, reloadServer, type SourcePatch, spawnServer, stopServer, writeServer } from "./start.ts";

const entry = fileURLToPath(new URL("../../src/orchestrator/main.ts", import.meta.url));
const health = "/health";

const RangeSchema = z.object({ fromByte: z.number(), toByte: z.number() });
const CiteSchema = z.looseObject({
  source: z.string(),
  path: z.string().optional(),
  range: RangeSchema.optional(),
  value: z.string(),
});
const EventSchema = z.looseObject({
  type: z.string(),
  /** Position. */
  id: z.string().optional(),
  callId: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  text: z.string().optional(),
  content: z.string().optional(),
  isError: z.boolean().optional(),
  range: RangeSchema.optional(),
});
const CallSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  input: z.unknown().optional(),
  effect: z.enum(["not-started", "running", "done", "failed", "partly", "unknown"]),
  result: z.looseObject({ content: z.string() }).optional(),
});
const FindingSchema = z.looseObject({
  code: z.string(),
  callId: z.string().optional(),
  resolved: z.boolean().optional(),
  cites: z.array(CiteSchema),
});
const SessionSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  calls: z.array(CallSchema),
  history: z.array(EventSchema),
  findings: z.array(FindingSchema),
});
const ListSchema = z.looseObject({ sessions: z.array(z.looseObject({ id: z.string() })) });
const AcceptedSchema = z.looseObject({ session: z.string() });
const ProjectSchema = z.looseObject({ id: z.string() });
const RefusedSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) });
const HealthSchema = z.looseObject({ ready: z.boolean(), pid: z.number() });

const reference: Subject = {
  name: "reference",
  can: {
    resume: true,
    reload: ["tsx", "node-watch"],
    flags: true,
    cursor: true,
    stop: true,
    damage: true,
  },

  setup: (ctx) => writeServer(ctx, entry),

  async start(ctx) {
    const args = ["--home", home(ctx), "--port", String(ctx.port), "--agent-path", ctx.agentPath];
    const server = spawnServer(ctx, args);
    const [, url = ""] = await server.line(/^holdfast listening on (http:\S+)/);
    return { pid: await ready(ctx), url };
  },

  // The harness' user looks at a session before going on with it, so what is open is acknowledged: the agent is
  // told which outcomes are unknown.
  async submit(ctx, { prompt, session, key }) {
    if (session !== undefined) {
      return accepted(await post(ctx, `/api/sessions/${session}/runs`, { prompt, acknowledge: true }, key));
    }
    const project = await post(ctx, "/api/projects", { name: "plan", path: ctx.workspace });
    if (project.status >= 300) return refused(project);
    const { id } = ProjectSchema.parse(project.body);
    return accepted(await post(ctx, `/api/projects/${id}/sessions`, { prompt, agent: "ada" }, key));
  },

  async resume(ctx, session, prompt) {
    return accepted(await post(ctx, `/api/sessions/${session}/resume`, { prompt, acknowledge: true }));
  },

  async *events(ctx, session, after) {
    const options = { signal: ctx.signal, ...(after === undefined ? {} : { after }) };
    for await (const frame of readSse(`${baseUrl(ctx)}/api/sessions/${session}/events`, options)) {
      const event = shown(EventSchema.parse(JSON.parse(frame.data)));
      yield frame.id === undefined ? event : { ...event, cursor: frame.id };
    }
  },

  async observe(ctx) {
    const { sessions } = ListSchema.parse(await get(ctx, "/api/sessions"));
    return { sessions: await Promise.all(sessions.map(({ id }) => observeSession(ctx, id))) };
  },

  async files(ctx) {
    const segments = await names(join(home(ctx), "journal"));
    const journal = segments
      .filter((name) => name.endsWith(".journal"))
      .map((name): SubjectFile => ({ role: "journal", path: join(home(ctx), "journal", name) }));
    const sessions = await names(join(home(ctx), "sessions"));
    const spools = await Promise.all(sessions.map((session) => spoolsOf(ctx, session)));
    return [...journal, ...spools.flat()];
  },

  reload: async (ctx) => {
    const { url } = await reloadServer(ctx, health);
    return { pid: await ready(ctx), url };
  },
  stop: (ctx) => stopServer(ctx, health),
};
export default reference;

/** The reference orchestrator with something broken on purpose: proof that a check can fail. */
export function brokenReference(name: string, patches: readonly SourcePatch[]): Subject {
  return { ...reference, name, setup: (ctx) => writeServer(ctx, entry, patches) };
}

const home = (ctx: Context): string => join(ctx.dir, "home");

/** Resolves with the server's pid when it has reconciled every run. */
async function ready(ctx: Context): Promise<number> {
  for (;;) {
    const { body } = await requestJson(`${baseUrl(ctx)}${health}`, { signal: ctx.signal });
    const answer = HealthSchema.parse(body);
    if (answer.ready) return answer.pid;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function observeSession(ctx: Context, id: string): Promise<ObservedSession> {
  const session = SessionSchema.parse(await get(ctx, `/api/sessions/${id}`));
  return {
    id,
    state: session.state,
    ended: ended(session.state),
    live: isUnsettled(session.state) ? "unknown" : isLive(session.state) ? "yes" : "no",
    calls: session.calls.map(observedCall),
    history: session.history.map(shown),
    flags: session.findings.map(flag),
  };
}

/** Did the latest run reach its end? */
function ended(state: string): "yes" | "no" | "unknown" {
  if (isUnsettled(state)) return "unknown";
  return state === "completed" || state === "failed" || state === "cancelled" ? "yes" : "no";
}

function isLive(state: string): boolean {
  return state === "live" || state === "live-unowned";
}

/** The server says that it cannot say. */
function isUnsettled(state: string): boolean {
  return state === "reconciling" || state === "unreadable";
}

function observedCall(call: z.infer<typeof CallSchema>): ObservedCall {
  return {
    id: call.id,
    name: call.name,
    input: call.input,
    state: call.effect === "partly" ? "unknown" : call.effect,
    ...(call.result === undefined ? {} : { result: call.result.content }),
  };
}

function flag(finding: z.infer<typeof FindingSchema>): ObservedFlag {
  return {
    code: finding.code,
    cites: finding.cites.map(({ source, path, range, value }) => ({
      source,
      value,
      ...(path === undefined ? {} : { path }),
      ...(range === undefined ? {} : { range }),
    })),
    ...(finding.callId === undefined ? {} : { callId: finding.callId }),
    ...(finding.resolved === undefined ? {} : { resolved: finding.resolved }),
  };
}

const types: Readonly<Record<string, Shown["type"]>> = {
  prompt: "prompt",
  text: "text",
  call: "call",
  result: "result",
  "turn-end": "end",
  hole: "hole",
};

function shown(event: z.infer<typeof EventSchema>): Shown {
  const text = event.text ?? event.content;
  return {
    type: types[event.type] ?? "other",
    ...(event.id === undefined ? {} : { cursor: event.id }),
    ...(event.callId === undefined ? {} : { callId: event.callId }),
    ...(event.name === undefined ? {} : { name: event.name }),
    ...(event.input === undefined ? {} : { input: event.input }),
    ...(text === undefined ? {} : { text }),
    ...(event.isError === undefined ? {} : { isError: event.isError }),
    // Every event names its bytes; only a hole is about them.
    ...(event.range === undefined || event.type !== "hole" ? {} : { range: event.range }),
  };
}

async function spoolsOf(ctx: Context, session: string): Promise<SubjectFile[]> {
  const folder = join(home(ctx), "sessions", session, "attempts");
  return (await names(folder)).map((attempt) => ({
    role: "spool",
    path: join(folder, attempt, "spool"),
    session,
  }));
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).sort();
}

async function get(ctx: Context, path: string): Promise<unknown> {
  const answer = await requestJson(`${baseUrl(ctx)}${path}`, { signal: ctx.signal });
  if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${messageOf(answer)}`);
  return answer.body;
}

async function post(ctx: Context, path: string, body: object, key?: string): Promise<JsonAnswer> {
  const token = (await readFile(join(home(ctx), "token"), "utf8")).trim();
  const headers = {
    authorization: `Bearer ${token}`,
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
  return requestJson(`${baseUrl(ctx)}${path}`, { method: "POST", body, headers, signal: ctx.signal });
}

function accepted(answer: JsonAnswer): Refusable<{ readonly session: string }> {
  if (answer.status >= 300) return refused(answer);
  return { ok: true, session: AcceptedSchema.parse(answer.body).session };
}

function refused(answer: JsonAnswer): {
  readonly ok: false;
  readonly status: number;
  readonly message: string;
} {
  return { ok: false, status: answer.status, message: messageOf(answer) };
}

function messageOf({ body, text }: JsonAnswer): string {
  return RefusedSchema.safeParse(body).data?.error.message ?? text.slice(0, 500);
}
