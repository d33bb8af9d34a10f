/**
 * A session as its host sees it: from what is on record, without looking at anything.
 */
import { type Context, lifeOf } from "../session/context.ts";
import { latestAttempt, latestRun, type SessionState } from "../session/state.ts";
import { stateOf } from "../session/view.ts";
import type { HeldSession } from "./types.ts";

export function describeSession(context: Context, session: SessionState): HeldSession {
  const state = stateOf(context, session);
  return {
    id: nameOf(session),
    agent: session.agent,
    ...(session.agentSessionId === undefined ? {} : { agentSession: session.agentSessionId }),
    about: session.about,
    cwd: session.cwd,
    state,
    reason: lifeOf(context, session.id).trouble ?? latestRun(session)?.reason ?? "",
    live: state === "live" || state === "live-unowned",
    over: latestAttempt(session)?.over ?? "spool",
    findings: findingsOf(session),
    createdMs: session.atMs,
  };
}

/** The host's id of a session. */
export function nameOf(session: SessionState): string {
  return session.name ?? session.id;
}

export function findingsOf(session: SessionState): HeldSession["findings"] {
  return [...session.findings.values()].map(({ finding, resolved }) => ({ ...finding, resolved }));
}
