/**
 * Subject: controller, as its checkout is.
 *
 * Everything of its own lies below CONTROLLER_HOME, sessions and events of a project in one folder there; the agents
 * keep their stores beside it.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CheckoutServer, checkoutDir } from "./checkout.ts";
import type { Context, Subject, SubjectOptions } from "./contract.ts";
import { projectApi, sessionFiles } from "./project-api.ts";

const entry = "server/index.ts";
const home = (ctx: Context): string => join(ctx.dir, "home");

export default function controller({ checkout }: SubjectOptions): Subject {
  const server = new CheckoutServer({
    dir: checkoutDir("controller", checkout, entry),
    entry,
    keep: ["node-pty", "electron"],
    probe: "/api/runtimes",
    // The server asks for electron, which would download itself where only the package is installed.
    env: (ctx) => ({
      CONTROLLER_HOME: home(ctx),
      PORT: String(ctx.port),
      ELECTRON_OVERRIDE_DIST_PATH: ctx.dir,
    }),
  });
  return {
    name: "controller",
    can: {
      resume: true,
      reload: ["tsx"],
      flags: false,
      cursor: false,
      stop: true,
      damage: true,
      agents: ["anita", "codex"],
      resumesByPrompt: true,
    },
    ...projectApi,
    setup: (ctx) => server.write(ctx),
    start: (ctx) => server.start(ctx),
    reload: (ctx) => server.reload(ctx),
    stop: (ctx) => server.stop(ctx),
    async files(ctx) {
      const projects = join(home(ctx), "projects");
      const names = (await readdir(projects).catch((): string[] => [])).sort();
      const files = await Promise.all(names.map((name) => sessionFiles(join(projects, name))));
      return [{ role: "index", path: join(home(ctx), "projects.json") }, ...files.flat()];
    },
  };
}
