/**
 * Subject: coding-orchestrator, as its checkout is.
 *
 * It keeps its projects in its working folder, and sessions and events in the project, where Ada writes them too; it
 * always listens on the same port. Codex runs as one app-server for all sessions.
 */
import { join } from "node:path";
import { CheckoutServer, checkoutDir } from "./checkout.ts";
import type { Subject, SubjectOptions } from "./contract.ts";
import { projectApi, sessionFiles } from "./project-api.ts";

const entry = "server/index.ts";

export default function codingOrchestrator({ checkout }: SubjectOptions): Subject {
  const server = new CheckoutServer({
    dir: checkoutDir("coding-orchestrator", checkout, entry),
    entry,
    keep: ["node-pty"],
    probe: "/api/agent-providers",
    env: (ctx) => ({ CODING_ORCHESTRATOR_HOME: join(ctx.dir, "home") }),
  });
  return {
    name: "coding-orchestrator",
    can: {
      resume: true,
      reload: ["tsx"],
      flags: false,
      cursor: false,
      stop: true,
      damage: true,
      agents: ["ada", "codex"],
      resumesByPrompt: true,
    },
    port: 3100,
    ...projectApi,
    setup: (ctx) => server.write(ctx),
    start: (ctx) => server.start(ctx),
    reload: (ctx) => server.reload(ctx),
    stop: (ctx) => server.stop(ctx),
    files: async (ctx) => [
      { role: "index", path: join(ctx.dir, ".data", "projects.json") },
      ...(await sessionFiles(join(ctx.workspace, ".coding-agent"))),
    ],
  };
}
