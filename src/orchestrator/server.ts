/**
 * The orchestrator on an address: loopback only.
 *
 * Order of a start: listen → token → take over the journal → reconcile. So a taken port is found out before
 * anything of another server is touched.
 */
import { HoldfastError } from "../model/error.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import type { World } from "../model/ports.ts";
import type { OrchestratorConfig } from "../session/context.ts";
import { findAgent } from "../session/dispatch.ts";
import { makeHome } from "../session/home.ts";
import { beginLife, type Life } from "../session/life.ts";
import { makeShell } from "./http.ts";
import { startQueued } from "./queue.ts";
import { readOrMakeToken } from "./token.ts";

export interface ServerOptions extends OrchestratorConfig {
  readonly port: number;
  /** File with the token; `<home>/token` by default. */
  readonly tokenFile?: string;
}

/** Opens a port of 127.0.0.1; see `host/http.ts`. Port 0 means any. */
export type Listen = (
  port: number,
  handle: (request: HttpRequest) => Promise<HttpResponse>,
) => Promise<{ readonly port: number; close(graceMs: number): Promise<void> }>;

export interface Server {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Resolves when every session is answered for. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when this server can no longer record; it must be closed then. */
  readonly over: Promise<string>;
  /** Orderly end: nothing new, what is under way is finished, streams end, the journal is closed. Ends no agent. */
  close(): Promise<void>;
}

/**
 * Starts the orchestrator; resolves when it listens and has taken the journal over.
 *
 * @param report takes one line for the operator.
 * @throws HoldfastError `port-in-use`, `bad-argument`; IoError when the home folder cannot be used.
 */
export async function startServer(
  world: World,
  options: ServerOptions,
  listen: Listen,
  report: (message: string) => void,
): Promise<Server> {
  await requireAgent(world, options);
  let life: Life | undefined;
  let token: string | undefined;
  let isReady = false;
  let tellOver = (_: string) => {};
  const over = new Promise<string>((resolve) => (tellOver = resolve));
  const shell = makeShell({
    token: () => token,
    life: () => life,
    isReady: () => isReady,
    pid: world.processes.self.pid,
  });
  const http = await listen(options.port, shell.handle);
  try {
    await makeHome(world.files, options.home);
    token = await readOrMakeToken(world, options.tokenFile ?? `${options.home}/token`);
    life = await beginLife(world, options, { onOver: tellOver, report, onIdle: startQueued });
  } catch (thrown) {
    await http.close(0);
    throw thrown;
  }
  const begun = life;
  const ready = begun.ready.then(() => {
    isReady = true;
  });
  return {
    url: `http://127.0.0.1:${http.port}`,
    ready,
    over,
    close: async () => {
      shell.closeStreams();
      await begun.close();
      await http.close(closeMsMax);
    },
  };
}

/** A client that does not take its last bytes is not waited for longer. */
const closeMsMax = 300;

/** Every configured agent, or at least one known by name, must be there: else nothing could ever be run. */
async function requireAgent(world: World, options: ServerOptions): Promise<void> {
  const context = { world, config: options };
  for (const agent of ["ada"]) {
    if ((await findAgent(context, agent)) !== undefined) continue;
    const named = options.agentCommands[agent];
    throw new HoldfastError(
      "bad-argument",
      named === undefined
        ? `The agent "${agent}" is not on the PATH. Install it, or name its executable with --agent-path.`
        : `There is no executable at ${named}. Give --agent-path the absolute path of the agent "${agent}".`,
    );
  }
}
