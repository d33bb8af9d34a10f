/**
 * Subject: the reference orchestrator of this project, over its public HTTP interface.
 *
 * Always: this is the one file of the harness that knows of `src`, and it knows only where the server's entry is.
 * Never: it reads no journal and takes no verdict apart: what is returned was answered by the server.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { SourcePatch } from "../launch/patch.ts";
import type { Context, Subject } from "./contract.ts";
import { requestJson } from "./http.ts";
import { home, referenceOver } from "./reference-api.ts";
import { nextVersion } from "./reference-next.ts";
import { readSse } from "./sse.ts";
import { baseUrl, reloadServer, shareServer, spawnServer, stopServer, writeServer } from "./start.ts";

const entry = fileURLToPath(new URL("../../src/orchestrator/main.ts", import.meta.url));
const health = "/health";

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
    versions: true,
    acp: true,
    marks: ["HOLDFAST_ATTEMPT"],
  },

  prepare: (folder) => shareServer(folder, entry),

  setup: (ctx) => writeServer(ctx, entry),

  async start(ctx) {
    const acpPath = join(ctx.agentBinDir, "acp");
    const agents = ["--agent-path", ctx.agentPath, "--acp-path", acpPath];
    const args = ["--home", home(ctx), "--port", String(ctx.port), ...agents];
    const server = spawnServer(ctx, args);
    const [, url = ""] = await server.line(/^holdfast listening on (http:\S+)/);
    const [, pid] = await server.line(/^holdfast is ready, pid (\d+)/);
    return { pid: Number(pid), url };
  },

  ...referenceOver({
    request: (ctx, path, options) => requestJson(`${baseUrl(ctx)}${path}`, options),
    frames: (ctx, path, options) => readSse(`${baseUrl(ctx)}${path}`, options),
    names: async (folder) => {
      try {
        return readdirSync(folder).sort();
      } catch {
        return [];
      }
    },
    readText: async (path) => readFileSync(path, "utf8"),
  }),

  reload: async (ctx) => {
    const { url } = await reloadServer(ctx, health);
    return { pid: await ready(ctx), url };
  },
  useVersion: (ctx, version) => writeServer(ctx, entry, version === "next" ? nextVersion : []),
  stop: (ctx) => stopServer(ctx, health),
};
export default reference;

/** The reference orchestrator with something broken on purpose: proof that a check can fail. */
export function brokenReference(name: string, patches: readonly SourcePatch[]): Subject {
  const can = { ...reference.can, versions: false };
  return { ...reference, name, can, setup: (ctx) => writeServer(ctx, entry, patches) };
}

/** Resolves with the server's pid when it has reconciled every run. */
async function ready(ctx: Context): Promise<number> {
  for (;;) {
    const { body } = await requestJson(`${baseUrl(ctx)}${health}`, { signal: ctx.signal });
    const answer = HealthSchema.parse(body);
    if (answer.ready) return answer.pid;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
