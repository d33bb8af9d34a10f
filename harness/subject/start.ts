/**
 * Starts a server of ours as a subject: bundled once, under a watcher where the plan reloads it.
 *
 * Always: what a watcher watches is a one-line entry file in the run's folder, and never the checkout; the pid
 * that is returned is the server's own, not the watcher's.
 */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { build, type Plugin } from "esbuild";
import type { Context, Spawned } from "./contract.ts";
import { requestJson } from "./http.ts";

const bundles = new Map<string, Promise<Uint8Array>>();

/** A change to one source file of a build, for builds that are wrong on purpose. */
export interface SourcePatch {
  /** End of the file's path, as `src/journal/writer.ts`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Bundles a TypeScript entry to one ES module; once a process, kept in memory so that nothing is left on the disk. */
export function bundleServer(entry: string, patches: readonly SourcePatch[] = []): Promise<Uint8Array> {
  const key = JSON.stringify([entry, patches]);
  const known = bundles.get(key);
  if (known !== undefined) return known;
  const made = bundle(entry, patches);
  bundles.set(key, made);
  return made;
}

async function bundle(entry: string, patches: readonly SourcePatch[]): Promise<Uint8Array> {
  const applied = new Set<SourcePatch>();
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    write: false,
    logLevel: "silent",
    // Less to read at each start; names stay, so that a stack trace can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: patches.length === 0 ? [] : [patching(patches, applied)],
    // Packages in CommonJS reach node: modules by require, which an ES module has not.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`Bundling ${entry} gave no output.`);
  const missed = patches.find((patch) => !applied.has(patch));
  if (missed !== undefined) throw new Error(`The build has no file ${missed.file} to patch.`);
  return output.contents;
}

/** A patch that no longer fits its source must fail loudly: a mutant that is none would count as found by nobody. */
function patching(patches: readonly SourcePatch[], applied: Set<SourcePatch>): Plugin {
  return {
    name: "patch",
    setup(onBuild) {
      onBuild.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = patches.filter(({ file }) => path.endsWith(`/${file}`));
        if (own.length === 0) return undefined;
        let contents = await readFile(path, "utf8");
        for (const patch of own) {
          const parts = contents.split(patch.find);
          if (parts.length !== 2) {
            throw new Error(
              `"${patch.find}" stands ${parts.length - 1} times in ${patch.file}; a patch needs it once.`,
            );
          }
          contents = parts.join(patch.replace);
          applied.add(patch);
        }
        return { contents, loader: "ts" };
      });
    },
  };
}

/** The process that was spawned last for each run's folder, watcher or server. */
const running = new Map<string, Spawned>();

const bundlePath = (ctx: Context): string => join(ctx.dir, "server.mjs");
const entryPath = (ctx: Context): string => join(ctx.dir, "entry.mjs");

/** Writes the server and its one-line entry into the run's folder. For `setup`. */
export async function writeServer(
  ctx: Context,
  entry: string,
  patches: readonly SourcePatch[] = [],
): Promise<void> {
  await mkdir(ctx.dir, { recursive: true });
  await Promise.all([
    writeFile(bundlePath(ctx), await bundleServer(entry, patches)),
    writeFile(entryPath(ctx), `import ${JSON.stringify(bundlePath(ctx))};\n`),
  ]);
}

/** Starts what {@link writeServer} wrote, in the workspace, directly or under the watcher that `ctx.reload` names. */
export function spawnServer(ctx: Context, args: readonly string[]): Spawned {
  const server = spawnDirectlyOrWatched(ctx, args);
  running.set(ctx.dir, server);
  const forget = (): unknown => running.get(ctx.dir) === server && running.delete(ctx.dir);
  void server.exited.then(forget);
  return server;
}

function spawnDirectlyOrWatched(ctx: Context, args: readonly string[]): Spawned {
  const [file, env] = [process.execPath, ctx.env];
  const options = { cwd: ctx.workspace, env, name: "server" };
  if (ctx.reload === "node-watch") {
    return ctx.spawn(file, ["--watch", "--watch-preserve-output", entryPath(ctx), ...args], options);
  }
  if (ctx.reload === "tsx") {
    const tsx = createRequire(import.meta.url).resolve("tsx/cli");
    return ctx.spawn(file, [tsx, "watch", "--clear-screen=false", entryPath(ctx), ...args], {
      ...options,
      env: { ...env, TSX_DISABLE_CACHE: "1" },
    });
  }
  return ctx.spawn(file, [bundlePath(ctx), ...args], options);
}

/** Base address of the subject's server in this run. */
export function baseUrl(ctx: Context): string {
  return `http://127.0.0.1:${ctx.port}`;
}

/** The pid that the server itself reports at `path`; undefined while no server answers. */
export async function reportedPid(ctx: Context, path: string): Promise<number | undefined> {
  try {
    const { body } = await requestJson(`${baseUrl(ctx)}${path}`, {
      signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(10_000)]),
    });
    return typeof body === "object" && body !== null && "pid" in body && typeof body.pid === "number"
      ? body.pid
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Changes the entry file under the watcher; resolves when another process than before answers.
 *
 * The file is changed by one append, so that no watcher can meet it half written.
 */
export async function reloadServer(ctx: Context, path: string): Promise<{ pid: number; url: string }> {
  const before = await reportedPid(ctx, path);
  await appendFile(entryPath(ctx), "// changed\n");
  for (;;) {
    const pid = await reportedPid(ctx, path);
    if (pid !== undefined && pid !== before) return { pid, url: baseUrl(ctx) };
    await pause(ctx);
  }
}

/** SIGTERM to what was spawned, a watcher passes it on; resolves when that has ended and no server answers. */
export async function stopServer(ctx: Context, path: string): Promise<void> {
  const server = running.get(ctx.dir);
  if (server === undefined) return;
  process.kill(server.pid, "SIGTERM");
  await server.exited;
  while ((await reportedPid(ctx, path)) !== undefined) await pause(ctx);
}

/** Between two questions to a server; there is no event to wait for in a process that is not our child. */
async function pause(ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted();
  await setTimeout(10);
}
