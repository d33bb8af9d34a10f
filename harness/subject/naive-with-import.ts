/**
 * Subject: the naive orchestrator in `naive-with-import/`, whose runs are held by the library.
 *
 * Always: its files differ from those in `naive/` by the lines that the guide shows, and by nothing else.
 * Never: it takes a verdict from a file of the hold; what is observed was answered by the server.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Context, ObservedSession, Subject } from "./contract.ts";
import { heldFiles } from "./held-files.ts";
import naive, { get, ListSchema, post, SessionSchema, shown } from "./naive.ts";
import { CallSchema, FindingSchema, flag, observedCall } from "./reference-api.ts";
import { writeModuleServer } from "./start.ts";

const entry = fileURLToPath(new URL("./naive-with-import/server.ts", import.meta.url));

const HeldSchema = SessionSchema.extend({
  calls: z.array(CallSchema),
  findings: z.array(FindingSchema),
});

const naiveWithImport: Subject = {
  ...naive,
  name: "naive-with-import",
  can: { ...naive.can, flags: true },

  setup: (ctx) => writeModuleServer(ctx, entry),

  async submit(ctx, { prompt, session, key }) {
    if (session === undefined) return post(ctx, "/api/sessions", { prompt, key });
    return post(ctx, resumePath(session), { prompt, key, acknowledge: true });
  },

  // The harness' user looks at a session before going on with it.
  resume: (ctx, session, prompt) => post(ctx, resumePath(session), { prompt, acknowledge: true }),

  async observe(ctx) {
    const { sessions } = ListSchema.parse(await get(ctx, "/api/sessions"));
    return { sessions: await Promise.all(sessions.map(({ id }) => observeSession(ctx, id))) };
  },

  // What the server itself still writes is for others to read: nothing that it says comes from there.
  files: (ctx) => heldFiles(join(ctx.dir, "data", "hold")),
};
export default naiveWithImport;

const resumePath = (session: string): string => `/api/sessions/${encodeURIComponent(session)}/resume`;

const terminal = ["completed", "failed", "cancelled"];

async function observeSession(ctx: Context, id: string): Promise<ObservedSession> {
  const session = HeldSchema.parse(await get(ctx, `/api/sessions/${encodeURIComponent(id)}`));
  const isUnsettled = session.status === "unreadable";
  return {
    id,
    state: session.status,
    ended: isUnsettled ? "unknown" : terminal.includes(session.status) ? "yes" : "no",
    live: isUnsettled ? "unknown" : session.live ? "yes" : "no",
    calls: session.calls.map(observedCall),
    history: session.events.map(shown),
    flags: session.findings.map(flag),
  };
}
