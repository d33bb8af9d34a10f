/**
 * Everything that is asked of a session: how it stands, to go on, to stop, what became of a call.
 */

import { detailOf, summaryOf } from "../session/view.ts";
import { answer, refuse } from "./answer.ts";
import { promptCharsMax, readKey, readSubmit, whoOf } from "./asked.ts";
import { flagField, textField } from "./body.ts";
import { abandonRun, approveCall, decideCall, stopSession } from "./commands.ts";
import { withdraw } from "./queue.ts";
import { retryCall } from "./retry.ts";
import type { Routes } from "./routes.ts";
import { onSession, onSessionBody, type Site, starting, toResponse } from "./site.ts";
import { resumeRun, submitRun } from "./submit.ts";

/** Adds the routes. */
export function sessionRoutes(routes: Routes, site: Site): void {
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
