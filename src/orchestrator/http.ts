/**
 * The HTTP surface: a thin shell over the orchestrator, as one function from request to response.
 *
 * Always: guarded first; ids are looked up in what is on record and never become paths; a refusal is JSON
 * `{error: {code, message}}` with a sentence that says what to do.
 */
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { lifeOf } from "../session/context.ts";
import { promptBytesMax } from "../session/dispatch.ts";
import type { Life } from "../session/life.ts";
import { LifeOver } from "../session/recorder.ts";
import type { SessionState } from "../session/state.ts";
import { detailOf, summaryOf } from "../session/view.ts";
import { type Answer, answer, refuse } from "./answer.ts";
import { type Body, flagField, readBody, textField } from "./body.ts";
import { abandonRun, approveCall, decideCall, stopSession } from "./commands.ts";
import { guard } from "./guard.ts";
import { page } from "./page.ts";
import { makeProject } from "./project.ts";
import { withdraw } from "./queue.ts";
import { retryCall } from "./retry.ts";
import { partsOf, type Routed, Routes } from "./routes.ts";
import { closeStreams, eventStream } from "./sse.ts";
import { resumeRun, submitRun, submitSession } from "./submit.ts";

/** What the shell needs; `life` is undefined until the journal is taken over. */
export interface Site {
  readonly token: () => string | undefined;
  readonly life: () => Life | undefined;
  readonly isReady: () => boolean;
  readonly pid: number;
}

export interface Shell {
  handle(request: HttpRequest): Promise<HttpResponse>;
  /** Ends all event streams. */
  closeStreams(): void;
}

/** Prompts longer than an agent can take are refused by their bytes; this only bounds the field. */
const promptCharsMax = 4 * promptBytesMax;
const nameCharsMax = 200;
const pathCharsMax = 4096;

export function makeShell(site: Site): Shell {
  const streams = new Set<() => void>();
  const routes = new Routes();
  routes.get("/health", () => toResponse(health(site)));
  routes.get("/", () => {
    const life = site.life();
    return life === undefined ? toResponse(starting()) : page(life.context);
  });
  projectRoutes(routes, site);
  sessionRoutes(routes, site);
  routes.get("/api/sessions/:id/events", (c) =>
    onSession(c, site, async (life, session) => {
      const cursor = c.request.headers.get("last-event-id") ?? c.query("after");
      return {
        status: 200,
        headers: { "content-type": "text/event-stream", "cache-control": "no-store", connection: "close" },
        body: eventStream(life.context, session, cursor, streams),
      };
    }),
  );
  return {
    handle: async (request) => {
      const token = site.token();
      if (token === undefined) return toResponse(starting());
      const refusal = guard(request, token);
      if (refusal !== undefined) return toResponse(refusal);
      try {
        return (await routes.answer(request)) ?? toResponse(nothingAt(request));
      } catch (thrown) {
        return toResponse(failed(thrown, site));
      }
    },
    closeStreams: () => closeStreams(streams),
  };
}

function projectRoutes(routes: Routes, site: Site): void {
  routes.get("/api/projects", () => {
    const life = site.life();
    return toResponse(
      life === undefined ? starting() : answer(200, { projects: [...life.context.state.projects.values()] }),
    );
  });
  routes.post("/api/projects", (c) =>
    onBody(c, site, async (life, body) => {
      const [name, path] = [textField(body, "name", nameCharsMax), textField(body, "path", pathCharsMax)];
      if (typeof name === "object") return name.refusal;
      if (typeof path === "object") return path.refusal;
      return makeProject(life.context, name, path);
    }),
  );
  routes.post("/api/projects/:project/sessions", (c) =>
    onBody(c, site, async (life, body) => {
      const project = life.context.state.projects.get(c.param("project"));
      if (project === undefined)
        return refuse(
          404,
          "unknown-project",
          "There is no project of that id. GET /api/projects lists them.",
        );
      const submit = readSubmit(c, body);
      return "refusal" in submit ? submit.refusal : submitSession(life.context, project, submit);
    }),
  );
}

function sessionRoutes(routes: Routes, site: Site): void {
  routes.get("/api/sessions", () => {
    const life = site.life();
    if (life === undefined) return toResponse(starting());
    // A crash may cut a submit between its records: a session without a run was never acknowledged.
    const sessions = [...life.context.state.sessions.values()].filter(
      ({ runs, attempts }) => runs.length > 0 || attempts.length > 0,
    );
    return toResponse(answer(200, { sessions: sessions.map((session) => summaryOf(life.context, session)) }));
  });
  routes.get("/api/sessions/:id", (c) =>
    onSession(c, site, async (life, session) => {
      const check = c.query("check") === "1";
      return toResponse(answer(200, await detailOf(life.context, session, check)));
    }),
  );
  routes.post("/api/sessions/:id/runs", (c) =>
    onSessionBody(c, site, async (life, session, body) => {
      const submit = readSubmit(c, body);
      return "refusal" in submit ? submit.refusal : submitRun(life.context, session, submit);
    }),
  );
  routes.post("/api/sessions/:id/resume", (c) =>
    onSessionBody(c, site, async (life, session, body) => {
      const prompt = textField(body, "prompt", promptCharsMax);
      const acknowledge = flagField(body, "acknowledge");
      const key = readKey(c);
      if (typeof prompt === "object") return prompt.refusal;
      if (typeof acknowledge === "object") return acknowledge.refusal;
      if ("refusal" in key) return key.refusal;
      return resumeRun(life.context, session, {
        acknowledge,
        ...(prompt === undefined ? {} : { prompt }),
        ...key,
      });
    }),
  );
  routes.post("/api/sessions/:id/queue/:item/withdraw", (c) =>
    onSessionBody(c, site, (life, session, body) =>
      withdraw(life.context, session, c.param("item"), whoOf(body)),
    ),
  );
  routes.post("/api/sessions/:id/stop", (c) =>
    onSessionBody(c, site, (life, session, body) => stopSession(life.context, session, whoOf(body))),
  );
  routes.post("/api/sessions/:id/abandon", (c) =>
    onSessionBody(c, site, (life, session, body) => abandonRun(life.context, session, whoOf(body))),
  );
  routes.post("/api/sessions/:id/calls/:call/retry", (c) =>
    onSessionBody(c, site, async (life, session, body) => {
      const confirmed = flagField(body, "confirm");
      const key = readKey(c);
      if (typeof confirmed === "object") return confirmed.refusal;
      if ("refusal" in key) return key.refusal;
      const order = { callId: c.param("call"), who: whoOf(body), confirmed };
      return retryCall(life.context, session, order, key);
    }),
  );
  routes.post("/api/sessions/:id/approvals/:request", (c) =>
    onSessionBody(c, site, async (life, session, body) => {
      const option = typeof body.allow === "boolean" ? body.allow : body.option;
      if (typeof option !== "boolean" && typeof option !== "string")
        return refuse(400, "bad-field", 'Say "allow": true or false, or name an "option" of the agent\'s.');
      return approveCall(life.context, session, {
        requestId: c.param("request"),
        option,
        who: whoOf(body),
      });
    }),
  );
  routes.post("/api/sessions/:id/calls/:call/decision", (c) =>
    onSessionBody(c, site, async (life, session, body) => {
      const { outcome } = body;
      if (outcome !== "done" && outcome !== "not-done") {
        return refuse(400, "bad-field", 'The field "outcome" must be "done" or "not-done".');
      }
      return decideCall(life.context, session, {
        callId: c.param("call"),
        outcome,
        who: whoOf(body),
      });
    }),
  );
}

function readSubmit(c: Routed, body: Body) {
  const prompt = textField(body, "prompt", promptCharsMax);
  const agent = textField(body, "agent", nameCharsMax);
  const model = textField(body, "model", nameCharsMax);
  const acknowledge = flagField(body, "acknowledge");
  const queue = flagField(body, "queue");
  const key = readKey(c);
  for (const field of [prompt, agent, model, acknowledge, queue]) if (typeof field === "object") return field;
  if (typeof prompt !== "string")
    return { refusal: refuse(400, "bad-field", 'The field "prompt" is missing.') };
  if ("refusal" in key) return key;
  return {
    prompt,
    agent: typeof agent === "string" ? agent : "ada",
    acknowledge: acknowledge === true,
    queue: queue === true,
    ...(typeof model === "string" ? { model } : {}),
    ...key,
  };
}

/** The client's idempotency key, where it sent one. */
function readKey(c: Routed): { readonly key?: string } | { readonly refusal: Answer } {
  const key = c.request.headers.get("idempotency-key");
  if (key === undefined) return {};
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return { key };
  return { refusal: refuse(400, "bad-key", "The Idempotency-Key must be 1 to 200 printable characters.") };
}

/** Who says so; for the record. */
function whoOf(body: Body): string {
  return typeof body.who === "string" && body.who.trim() !== "" ? body.who.slice(0, nameCharsMax) : "user";
}

async function onSession(
  c: Routed,
  site: Site,
  work: (life: Life, session: SessionState) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const life = site.life();
  if (life === undefined) return toResponse(starting());
  const session = life.context.state.sessions.get(c.param("id"));
  if (session === undefined) {
    return toResponse(
      refuse(404, "unknown-session", "There is no session of that id. GET /api/sessions lists them."),
    );
  }
  if (lifeOf(life.context, session.id).reconciling) {
    return toResponse(
      refuse(
        503,
        "reconciling",
        "The server has just started and is finding out where this session stands. Ask again.",
      ),
    );
  }
  return work(life, session);
}

function onSessionBody(
  c: Routed,
  site: Site,
  work: (life: Life, session: SessionState, body: Body) => Promise<Answer>,
): Promise<HttpResponse> {
  return onSession(c, site, (_, session) => onBody(c, site, (life, body) => work(life, session, body)));
}

async function onBody(
  c: Routed,
  site: Site,
  work: (life: Life, body: Body) => Promise<Answer>,
): Promise<HttpResponse> {
  const life = site.life();
  if (life === undefined || life.context.closing) return toResponse(starting());
  const read = await readBody(c.request);
  return toResponse("refusal" in read ? read.refusal : await work(life, read.body));
}

function health(site: Site): Answer {
  const life = site.life();
  const status = site.isReady() ? "ready" : life === undefined ? "starting" : "reconciling";
  return answer(200, {
    status,
    ready: site.isReady(),
    pid: site.pid,
    generation: life?.generation() ?? null,
  });
}

function starting(): Answer {
  return refuse(503, "starting", "The server is starting or stopping. Ask again.");
}

function nothingAt({ method, target }: HttpRequest): Answer {
  const [path] = partsOf(target);
  return refuse(
    404,
    "not-found",
    `There is no ${method} ${path}. The page at / and GET /api/sessions are where to begin.`,
  );
}

function failed(error: unknown, site: Site): Answer {
  if (error instanceof LifeOver) {
    return refuse(
      503,
      "life-over",
      `This server can no longer record anything: ${error.message}. Ask its successor.`,
    );
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  site.life()?.context.report(`A request failed: ${stack ?? message}`);
  return refuse(
    500,
    "internal",
    `The request failed: ${message}. What was recorded is kept; look at the session before you repeat it.`,
  );
}

function toResponse(what: Answer): HttpResponse {
  return {
    status: what.status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      ...(what.retryAfter === undefined ? {} : { "retry-after": String(what.retryAfter) }),
    },
    body: `${JSON.stringify(what.body)}\n`,
  };
}
