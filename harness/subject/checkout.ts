/**
 * Starts a server from somebody else's checkout: bundled once for speed, or by the checkout's own watcher.
 *
 * Always: the checkout is read and never written; what is made of it lies in the run's folder. What a watcher
 * watches is an entry file there that imports the checkout's own source, and that says under which pid it runs.
 */
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Context, Spawned } from "./contract.ts";
import { requestJson } from "./http.ts";
import { SubjectLoadError } from "./load-error.ts";
import { baseUrl } from "./start.ts";

/** What there is to know of a checkout. */
export interface Checkout {
  /** Absolute. */
  readonly dir: string;
  /** The server's source file, relative to `dir`. */
  readonly entry: string;
  /** Packages that must stay where they are installed, because they have native code or look for files beside it. */
  readonly keep: readonly string[];
  /** A path that a server answers with 200 when it is ready. */
  readonly probe: string;
  /** Variables that the server gets beside the run's own. */
  env(ctx: Context): Readonly<Record<string, string>>;
}

/**
 * The checkout of a subject's options.
 *
 * @throws SubjectLoadError when it was not given, or is no installed checkout of this project.
 */
export function checkoutDir(subject: string, dir: string | undefined, entry: string): string {
  const what = `Give --checkout DIR: a checkout of ${subject} with its dependencies installed (npm ci).`;
  if (dir === undefined)
    throw new SubjectLoadError(`The subject ${subject} runs a checkout of its own source. ${what}`);
  for (const needed of [entry, "node_modules"]) {
    if (!existsSync(join(dir, needed))) throw new SubjectLoadError(`${dir} has no ${needed}. ${what}`);
  }
  return dir;
}

interface Running {
  readonly server: Spawned;
  /** Number of the entry's latest start. */
  starts: number;
}

export class CheckoutServer {
  readonly #checkout: Checkout;
  /** What was spawned last for each run's folder. */
  readonly #running = new Map<string, Running>();
  #bundle: Promise<Uint8Array> | undefined;

  constructor(checkout: Checkout) {
    this.#checkout = checkout;
  }

  /** Puts what will be started into the run's folder. For `setup`. */
  async write(ctx: Context): Promise<void> {
    await mkdir(ctx.dir, { recursive: true });
    if (ctx.reload !== undefined) return writeFile(entryPath(ctx), this.#entryText());
    this.#bundle ??= bundle(this.#checkout);
    await writeFile(bundlePath(ctx), await this.#bundle);
  }

  /** Resolves when the server answers. */
  async start(ctx: Context): Promise<{ readonly pid: number; readonly url: string }> {
    const server = this.#spawn(ctx);
    const running = { server, starts: 1 };
    this.#running.set(ctx.dir, running);
    if (ctx.reload !== undefined) await writeFile(entryPath(ctx), this.#entryText());
    const pid = ctx.reload === undefined ? server.pid : await entryPid(running);
    await this.#answers(ctx, server);
    return { pid, url: baseUrl(ctx) };
  }

  /** Saves the entry file under the watcher; resolves when the server that it starts answers. */
  async reload(ctx: Context): Promise<{ readonly pid: number; readonly url: string }> {
    const running = this.#running.get(ctx.dir);
    if (running === undefined) throw new Error("There is no server to reload.");
    running.starts += 1;
    // One append, so that no watcher can meet the file half written.
    await appendFile(entryPath(ctx), sayStart(running.starts));
    const pid = await entryPid(running);
    await this.#answers(ctx, running.server);
    return { pid, url: baseUrl(ctx) };
  }

  /** SIGTERM to what was spawned; a watcher passes it on. */
  async stop(ctx: Context): Promise<void> {
    const running = this.#running.get(ctx.dir);
    if (running === undefined) return;
    this.#running.delete(ctx.dir);
    process.kill(running.server.pid, "SIGTERM");
    await running.server.exited;
  }

  #spawn(ctx: Context): Spawned {
    const env = { ...ctx.env, ...this.#checkout.env(ctx) };
    const options = { cwd: ctx.dir, env, name: "server" };
    if (ctx.reload === undefined) return ctx.spawn(process.execPath, [bundlePath(ctx)], options);
    const tsx = join(this.#checkout.dir, "node_modules", "tsx", "dist", "cli.mjs");
    return ctx.spawn(process.execPath, [tsx, "watch", "--clear-screen=false", entryPath(ctx)], options);
  }

  #entryText(): string {
    const source = pathToFileURL(join(this.#checkout.dir, this.#checkout.entry)).href;
    return `import ${JSON.stringify(source)};\n${sayStart(1)}`;
  }

  async #answers(ctx: Context, server: Spawned): Promise<void> {
    let ended = false;
    void server.exited.then(() => {
      ended = true;
    });
    for (;;) {
      ctx.signal.throwIfAborted();
      const answer = await requestJson(`${baseUrl(ctx)}${this.#checkout.probe}`, {
        signal: ctx.signal,
      }).catch(() => undefined);
      if (answer?.status === 200) return;
      if (ended) await server.line(/never printed: this rejects with the server's last words/);
      // A process that is not our child gives no event to wait for.
      await setTimeout(5);
    }
  }
}

const bundlePath = (ctx: Context): string => join(ctx.dir, "server.mjs");
const entryPath = (ctx: Context): string => join(ctx.dir, "entry.mjs");

function sayStart(number: number): string {
  return `process.stdout.write(\`entry ${number} is \${process.pid}\\n\`);\n`;
}

async function entryPid({ server, starts }: Running): Promise<number> {
  const [, pid] = await server.line(new RegExp(`^entry ${starts} is (\\d+)$`));
  return Number(pid);
}

async function bundle({ dir, entry, keep }: Checkout): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(dir, entry)],
    absWorkingDir: dir,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    write: false,
    logLevel: "silent",
    minifyWhitespace: true,
    plugins: [keeping(dir, keep), ownPlaces(dir)],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`Bundling ${join(dir, entry)} gave no output.`);
  return output.contents;
}

/** Kept packages are loaded from where they are installed, wherever the bundle lies. */
function keeping(dir: string, keep: readonly string[]): Plugin {
  return {
    name: "keep",
    setup({ onResolve, resolve }) {
      for (const name of keep) {
        onResolve({ filter: new RegExp(`^${name}$`) }, async ({ pluginData, kind }) => {
          if (pluginData === "kept") return undefined;
          const found = await resolve(name, { resolveDir: dir, kind, pluginData: "kept" });
          // One that is not installed is only asked for where it is there.
          return { path: isAbsolute(found.path) ? found.path : name, external: true };
        });
      }
    },
  };
}

/** A module that looks for files beside itself finds them in the checkout. */
function ownPlaces(dir: string): Plugin {
  return {
    name: "own-places",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        if (!path.startsWith(dir) || !text.includes("import.meta.url")) return undefined;
        const place = JSON.stringify(pathToFileURL(path).href);
        return { contents: text.replaceAll("import.meta.url", place), loader: "ts" };
      });
    },
  };
}
