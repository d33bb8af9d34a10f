/**
 * Starts real servers, bundled as they are delivered, with a scripted agent; ends by identity what a test left.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

export const agentPath = join(import.meta.dirname, "agent.sh");
export const agentSession = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";
const banner = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** Bundles the server; resolves with the file. */
export async function bundleServer(folder: string): Promise<string> {
  const outfile = join(folder, "server.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../src/orchestrator/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: banner },
    outfile,
    logLevel: "error",
  });
  return outfile;
}

type Library = Pick<typeof import("../../src/orchestrator/server.ts"), "startServer"> &
  Pick<typeof import("../../src/host/http.ts"), "listenHttp"> &
  Pick<typeof import("../../src/host/world.ts"), "realWorld">;

/** Evaluates the server's modules once more in this process, as a reload without a new process does. */
export async function loadAnew(folder: string, name: string): Promise<Library> {
  const src = join(import.meta.dirname, "../../src");
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: {
      contents: `export { startServer } from "./orchestrator/server.ts"; export { listenHttp } from "./host/http.ts"; export { realWorld } from "./host/world.ts";`,
      resolveDir: src,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: banner },
    outfile,
    logLevel: "error",
  });
  return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Library;
}

export interface Event {
  readonly id?: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One test's folder: home, workspace and the servers started in it. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  readonly home = join(this.folder, "home");
  readonly workspace = join(this.folder, "work");
  readonly servers: TestServer[] = [];
  readonly bundle: string;

  constructor(bundle: string) {
    this.bundle = bundle;
    mkdirSync(this.workspace);
  }

  /** What the n-th start of the agent does. */
  steps(n: number, script: string): void {
    this.stepsIn(this.workspace, n, script);
  }

  /** The same in another workspace. */
  stepsIn(workspace: string, n: number, script: string): void {
    writeFileSync(join(workspace, `steps-${n}.sh`), script);
  }

  fifo(name: string): void {
    execFileSync("mkfifo", [join(this.workspace, name)]);
  }

  /** Lets an agent pass that waits for the FIFO; resolves when it has it open. */
  async release(name: string): Promise<void> {
    const handle = await open(join(this.workspace, name), "w");
    await handle.writeFile("go\n");
    await handle.close();
  }

  start(...args: string[]): Promise<TestServer> {
    return this.#start(args, []);
  }

  /** Starts another bundle of the server. */
  async startBundle(bundle: string): Promise<TestServer> {
    const server = new TestServer(bundle, this.home, []);
    this.servers.push(server);
    await server.listening;
    return server;
  }

  /** A server that somebody else has started on this home. */
  at(url: string): Client {
    return new Client(this.home, url);
  }

  /** Starts the server under another program, such as `unshare`. */
  startIn(launcher: readonly string[]): Promise<TestServer> {
    return this.#start([], launcher);
  }

  async #start(args: readonly string[], launcher: readonly string[]): Promise<TestServer> {
    const server = new TestServer(this.bundle, this.home, args, launcher);
    this.servers.push(server);
    await server.listening;
    return server;
  }

  argv(n: number): string {
    return readFileSync(join(this.workspace, `start-${n}`, "argv"), "utf8");
  }

  pid(n: number): number {
    return Number(readFileSync(join(this.workspace, `start-${n}`, "pid"), "utf8"));
  }

  starts(): number {
    return readdirSync(this.workspace).filter((name) => name.startsWith("start-")).length;
  }

  /** Resolves when the file is in the workspace. */
  async appears(name: string): Promise<void> {
    const path = join(this.workspace, name);
    const there = () => {
      try {
        readFileSync(path);
        return true;
      } catch {
        return false;
      }
    };
    const folder = join(path, "..");
    await new Promise<void>((resolve) => {
      const watcher = watch(folder, () => {
        if (!there()) return;
        watcher.close();
        resolve();
      });
      if (!there()) return;
      watcher.close();
      resolve();
    });
  }

  async clean(): Promise<void> {
    for (const server of this.servers) await server.kill("SIGKILL");
    for (const wrapper of this.wrapperPids()) {
      try {
        process.kill(-wrapper, "SIGKILL");
      } catch {
        // Gone already.
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Wrappers that run, by the attempt's folder in their arguments; each leads the process group of its agent. */
  wrapperPids(): number[] {
    if (!existsSync("/proc/self")) return [];
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        try {
          const args = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
          return args.includes("holdfast-agent") && args.some((arg) => arg.startsWith(`${this.home}/`));
        } catch {
          return false;
        }
      })
      .map(Number);
  }
}

/** Talks to a server. */
export class Client {
  readonly home: string;
  url: string;

  constructor(home: string, url: string) {
    this.home = home;
    this.url = url;
  }

  get token(): string {
    return readFileSync(join(this.home, "token"), "utf8").trim();
  }

  async get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.url}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Makes the project and submits; resolves with the session's id. */
  async submit(
    workspace: string,
    prompt = "do it",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const project = await this.post("/api/projects", { name: "p", path: workspace });
    const submitted = await this.post(
      `/api/projects/${String(project.body.id)}/sessions`,
      { prompt },
      headers,
    );
    if (submitted.status !== 201 && submitted.status !== 200) throw new Error(JSON.stringify(submitted));
    return String(submitted.body.session);
  }

  /** The session, once start-up has found out where it stands. */
  async session(id: string, query = ""): Promise<Record<string, unknown>> {
    for (;;) {
      const { status, body } = await this.get(`/api/sessions/${id}${query}`);
      if (status !== 503) return body;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Events of a session until `until` says enough; the connection is closed then. */
  async events(id: string, until: (event: Event) => boolean, after?: string): Promise<Event[]> {
    let response: Response;
    do {
      response = await fetch(`${this.url}/api/sessions/${id}/events`, {
        headers: after === undefined ? {} : { "last-event-id": after },
      });
    } while (response.status === 503);
    const found: Event[] = [];
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        const event = parseFrame(frame);
        if (event === undefined) continue;
        found.push(event);
        if (!until(event)) continue;
        return found;
      }
    }
    return found;
  }
}

export class TestServer extends Client {
  readonly child: ChildProcess;
  readonly listening: Promise<void>;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  stderr = "";

  constructor(bundle: string, home: string, args: readonly string[], launcher: readonly string[] = []) {
    super(home, "");
    const all = [process.execPath, bundle, "--home", home, "--port", "0", "--agent-path", agentPath, ...args];
    const [program = "", ...rest] = [...launcher, ...all];
    this.child = spawn(program, rest, {
      env: { PATH: "/usr/bin:/bin", HOME: home, SECRET: "not for agents", OPENAI_API_KEY: "for agents" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stderr?.on("data", (data: Buffer) => {
      this.stderr += data.toString();
    });
    this.exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve({ code, signal }));
    });
    this.listening = new Promise((resolve, reject) => {
      this.child.stdout?.on("data", (data: Buffer) => {
        const match = /listening on (\S+)/.exec(data.toString());
        if (match?.[1] === undefined) return;
        this.url = match[1];
        resolve();
      });
      this.child.once("close", () => reject(new Error(`The server ended: ${this.stderr}`)));
    });
  }

  async kill(signal: "SIGKILL" | "SIGTERM"): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal);
    return this.exited;
  }
}

export function parseFrame(frame: string): Event | undefined {
  const data = /^data: (.*)$/m.exec(frame)?.[1];
  if (data === undefined) return undefined;
  const id = /^id: (.*)$/m.exec(frame)?.[1];
  return { ...(JSON.parse(data) as Event), ...(id === undefined ? {} : { id }) };
}
