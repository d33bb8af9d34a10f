/**
 * What the reference orchestrator says over its public interface, in the harness' words.
 *
 * Always: a wire brings requests to the server and answers back, over a socket or in memory; what is made of the
 * answers is the same for both.
 * Never: it reads no journal and takes no verdict apart: what is returned was answered by the server.
 */
import { join } from "node:path";
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
import { type JsonAnswer, type RequestOptions, UnexpectedAnswer } from "./http.ts";
import type { SseFrame, SseOptions } from "./sse.ts";

/** How the harness reaches a server and its folder. */
export interface Wire {
  request(ctx: Context, path: string, options: RequestOptions): Promise<JsonAnswer>;
  frames(ctx: Context, path: string, options: SseOptions): AsyncIterable<SseFrame>;
  /** Names in a folder, sorted; empty when it is missing. */
  names(folder: string): Promise<string[]>;
  readText(path: string): Promise<string>;
}

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
  finding: z.looseObject({ id: z.string() }).optional(),
  findingId: z.string().optional(),
});
/** A call as the library judges it. */
export const CallSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  input: z.unknown().optional(),
  effect: z.enum(["not-started", "running", "done", "failed", "partly", "unknown"]),
  stands: z.enum(["yes", "no", "unproven"]).optional(),
  result: z.looseObject({ content: z.string() }).optional(),
});
/** A divergence as the library raises it. */
export const FindingSchema = z.looseObject({
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
  asks: z.array(z.looseObject({ requestId: z.string() })).optional(),
});
const ListSchema = z.looseObject({ sessions: z.array(z.looseObject({ id: z.string() })) });
const AcceptedSchema = z.looseObject({ session: z.string() });
const ProjectSchema = z.looseObject({ id: z.string() });
const RefusedSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) });

/** Folder that the server is given as its home. */
export const home = (ctx: Context): string => join(ctx.dir, "home");

/** The part of the reference subject that talks to a running server. */
export function referenceOver(
  wire: Wire,
): Pick<Subject, "submit" | "resume" | "events" | "allow" | "observe" | "files"> {
  const api = new ReferenceApi(wire);
  return {
    // The harness' user looks at a session before going on with it, so what is open is acknowledged: the agent is
    // told which outcomes are unknown.
    async submit(ctx, { prompt, session, key, agent = "ada" }) {
      if (session !== undefined) {
        return accepted(
          await api.post(ctx, `/api/sessions/${session}/runs`, { prompt, acknowledge: true }, key),
        );
      }
      const project = await api.post(ctx, "/api/projects", { name: "plan", path: ctx.workspace });
      if (project.status >= 300) return refused(project);
      const { id } = ProjectSchema.parse(project.body);
      return accepted(await api.post(ctx, `/api/projects/${id}/sessions`, { prompt, agent }, key));
    },

    async resume(ctx, session, prompt) {
      return accepted(await api.post(ctx, `/api/sessions/${session}/resume`, { prompt, acknowledge: true }));
    },

    async *events(ctx, session, after) {
      const options = { signal: ctx.signal, ...(after === undefined ? {} : { after }) };
      for await (const frame of wire.frames(ctx, `/api/sessions/${session}/events`, options)) {
        const event = shown(EventSchema.parse(JSON.parse(frame.data)));
        yield frame.id === undefined ? event : { ...event, cursor: frame.id };
      }
    },

    async allow(ctx, session) {
      const { asks = [] } = SessionSchema.parse(await api.get(ctx, `/api/sessions/${session}`));
      for (const { requestId } of asks) {
        const path = `/api/sessions/${session}/approvals/${encodeURIComponent(requestId)}`;
        await api.post(ctx, path, { allow: true });
      }
    },

    async observe(ctx) {
      const { sessions } = ListSchema.parse(await api.get(ctx, "/api/sessions"));
      return { sessions: await Promise.all(sessions.map(({ id }) => api.observeSession(ctx, id))) };
    },

    async files(ctx) {
      const segments = await wire.names(join(home(ctx), "journal"));
      const journal = segments
        .filter((name) => name.endsWith(".journal"))
        .map((name): SubjectFile => ({ role: "journal", path: join(home(ctx), "journal", name) }));
      const sessions = await wire.names(join(home(ctx), "sessions"));
      const spools = await Promise.all(sessions.map((session) => api.spoolsOf(ctx, session)));
      return [...journal, ...spools.flat()];
    },
  };
}

class ReferenceApi {
  readonly #wire: Wire;
  readonly #observed = new WeakMap<object, ObservedSession>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** A wire that gives one answer again, the same object, is told what it said before. */
  async observeSession(ctx: Context, id: string): Promise<ObservedSession> {
    const body = await this.get(ctx, `/api/sessions/${id}`);
    const known = isObject(body) ? this.#observed.get(body) : undefined;
    if (known !== undefined) return known;
    const observed = observedSession(id, body);
    if (isObject(body)) this.#observed.set(body, observed);
    return observed;
  }

  async spoolsOf(ctx: Context, session: string): Promise<SubjectFile[]> {
    const folder = join(home(ctx), "sessions", session, "attempts");
    return (await this.#wire.names(folder)).map((attempt) => ({
      role: "spool",
      path: join(folder, attempt, "spool"),
      session,
    }));
  }

  async get(ctx: Context, path: string): Promise<unknown> {
    const answer = await this.#wire.request(ctx, path, { signal: ctx.signal });
    if (answer.status !== 200) throw new UnexpectedAnswer(`GET ${path}`, answer.status, messageOf(answer));
    return answer.body;
  }

  async post(ctx: Context, path: string, body: object, key?: string): Promise<JsonAnswer> {
    const token = (await this.#wire.readText(join(home(ctx), "token"))).trim();
    const headers = {
      authorization: `Bearer ${token}`,
      ...(key === undefined ? {} : { "idempotency-key": key }),
    };
    return this.#wire.request(ctx, path, { method: "POST", body, headers, signal: ctx.signal });
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function observedSession(id: string, body: unknown): ObservedSession {
  const session = SessionSchema.parse(body);
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

export function observedCall(call: z.infer<typeof CallSchema>): ObservedCall {
  return {
    id: call.id,
    name: call.name,
    input: call.input,
    state: call.effect === "partly" ? "unknown" : call.effect,
    ...(call.stands === undefined ? {} : { stands: call.stands }),
    ...(call.result === undefined ? {} : { result: call.result.content }),
  };
}

export function flag(finding: z.infer<typeof FindingSchema>): ObservedFlag {
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
  permission: "ask",
  result: "result",
  "turn-end": "end",
  hole: "hole",
  finding: "flag",
  "finding-resolved": "flag-resolved",
};

function shown(event: z.infer<typeof EventSchema>): Shown {
  const text = event.text ?? event.content ?? event.finding?.id ?? event.findingId;
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
