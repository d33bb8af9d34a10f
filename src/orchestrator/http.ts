/**
 * The HTTP surface: a thin shell over the orchestrator, as one function from request to response.
 *
 * Always: guarded first; ids are looked up in what is on record and never become paths; a refusal is JSON
 * `{error: {code, message}}` with a sentence that says what to do.
 */
import { HoldfastError } from "../model/error.ts";
import { ClientGone, type HttpRequest, type HttpResponse } from "../model/http.ts";
import { LifeOver } from "../session/recorder.ts";
import { type Answer, answer, refuse } from "./answer.ts";
import { nameCharsMax, readSubmit } from "./asked.ts";
import { textField } from "./body.ts";
import { guard } from "./guard.ts";
import { page } from "./page.ts";
import { makeProject } from "./project.ts";
import { partsOf, Routes } from "./routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { onBody, onSession, type Site, starting, toResponse } from "./site.ts";
import { closeStreams, eventStream } from "./sse.ts";
import { submitSession } from "./submit.ts";

const pathCharsMax = 4096;

export interface Shell {
  handle(request: HttpRequest): Promise<HttpResponse>;
  /** Ends all event streams. */
  closeStreams(): void;
}

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

function nothingAt({ method, target }: HttpRequest): Answer {
  const [path] = partsOf(target);
  return refuse(
    404,
    "not-found",
    `There is no ${method} ${path}. The page at / and GET /api/sessions are where to begin.`,
  );
}

function failed(error: unknown, site: Site): Answer {
  if (error instanceof ClientGone) return refuse(400, "broken-off", error.message);
  if (error instanceof LifeOver) {
    return refuse(
      503,
      "life-over",
      `This server can no longer record anything: ${error.message}. Ask its successor.`,
    );
  }
  // What is on record is beyond this version, and the sentence says which one is needed.
  if (error instanceof HoldfastError && error.code === "bad-state")
    return refuse(409, error.code, error.message);
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  site.life()?.context.report(`A request failed: ${stack ?? message}`);
  return refuse(
    500,
    "internal",
    `The request failed: ${message}. What was recorded is kept; look at the session before you repeat it.`,
  );
}
