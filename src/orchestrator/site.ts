/**
 * What every route stands on: the life that answers, the session that is asked for, the body that came along.
 *
 * Always: an id is looked up in what is on record; where nobody can answer yet, the answer says to ask again.
 */
import type { HttpResponse } from "../model/http.ts";
import { lifeOf } from "../session/context.ts";
import type { Life } from "../session/life.ts";
import type { SessionState } from "../session/state.ts";
import { type Answer, refuse } from "./answer.ts";
import { type Body, readBody } from "./body.ts";
import type { Routed } from "./routes.ts";

/** What the shell needs; `life` is undefined until the journal is taken over. */
export interface Site {
  readonly token: () => string | undefined;
  readonly life: () => Life | undefined;
  readonly isReady: () => boolean;
  readonly pid: number;
}

/** Answers about the session of the path, once it is known where it stands. */
export async function onSession(
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

/** The same, with the body of the request. */
export function onSessionBody(
  c: Routed,
  site: Site,
  work: (life: Life, session: SessionState, body: Body) => Promise<Answer>,
): Promise<HttpResponse> {
  return onSession(c, site, (_, session) => onBody(c, site, (life, body) => work(life, session, body)));
}

/** Answers what the body asks for. */
export async function onBody(
  c: Routed,
  site: Site,
  work: (life: Life, body: Body) => Promise<Answer>,
): Promise<HttpResponse> {
  const life = site.life();
  if (life === undefined || life.context.closing) return toResponse(starting());
  const read = await readBody(c.request);
  return toResponse("refusal" in read ? read.refusal : await work(life, read.body));
}

export function starting(): Answer {
  return refuse(503, "starting", "The server is starting or stopping. Ask again.");
}

export function toResponse(what: Answer): HttpResponse {
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
