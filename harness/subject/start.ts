/**
 * Starts a server of ours as a subject: bundled once, under a watcher where the plan reloads it.
 *
 * Always: what a watcher watches is a one-line entry file in the run's folder, and never the checkout; the pid
 * that is returned is the server's own, not the watcher's.
 */
import { createHash } from "node:crypto";
import { appendFile, copyFile, link, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeModule } from "../launch/module.ts";
import { patching, type SourcePatch } from "../launch/patch.ts";
import { makeProgram, type Program, programEnds, programFiles } from "../launch/program.ts";
import type { Context, Spawned } from "./contract.ts";
import { requestJson } from "./http.ts";

const programs = new Map<string, Promise<Program>>();

const keyOf = (entry: string, patches: readonly SourcePatch[]): string => JSON.stringify([entry, patches]);

/** Once a process, kept in memory so that nothing is left on the disk. */
function programOf(entry: string, patches: readonly SourcePatch[]): Promise<Program> {
  const key = keyOf(entry, patches);
  const known = programs.get(key);
  if (known !== undefined) return known;
  const made = makeProgram(entry, [patching(patches)]);
  programs.set(key, made);
  return made;
}

/** The process that was spawned last for each run's folder, watcher or server. */
const running = new Map<string, Spawned>();

const serverPath = (ctx: Context, end = ".cjs"): string => join(ctx.dir, `server${end}`);
const entryPath = (ctx: Context): string => join(ctx.dir, "entry.mjs");

const sharedPath = (folder: string, entry: string, patches: readonly SourcePatch[]): string =>
  join(folder, createHash("sha256").update(keyOf(entry, patches)).digest("hex").slice(0, 16));

/** Makes the server once, for all runs of a campaign. For `prepare`. */
export async function shareServer(folder: string, entry: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = programFiles(await programOf(entry, []));
  await Promise.all(
    files.map(([end, content]) => writeFile(`${sharedPath(folder, entry, [])}${end}`, content)),
  );
}

/** Writes the server and its one-line entry into the run's folder. For `setup`. */
export async function writeServer(
  ctx: Context,
  entry: string,
  patches: readonly SourcePatch[] = [],
): Promise<void> {
  await mkdir(ctx.dir, { recursive: true });
  await writeFile(entryPath(ctx), `import ${JSON.stringify(serverPath(ctx))};\n`);
  // A version before this one may stand there under a name that other runs share.
  await Promise.all(programEnds.map((end) => rm(serverPath(ctx, end), { force: true })));
  if (await tookShared(ctx, entry, patches)) return;
  const files = programFiles(await programOf(entry, patches));
  await Promise.all(files.map(([end, content]) => writeFile(serverPath(ctx, end), content)));
}

/**
 * The files under a second name: nobody changes them. Under a watcher a copy: the kernel tells a watcher of a file of
 * every name that it gets or loses, and the server would be reloaded whenever another run begins or ends.
 * False where this server was not shared, or lies on another disk.
 */
async function tookShared(ctx: Context, entry: string, patches: readonly SourcePatch[]): Promise<boolean> {
  if (ctx.shared === undefined) return false;
  const shared = sharedPath(ctx.shared, entry, patches);
  const take = ctx.reload === undefined ? link : copyFile;
  try {
    await Promise.all(programEnds.map((end) => take(`${shared}${end}`, serverPath(ctx, end))));
    return true;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT" || code === "EXDEV") return false;
    // What would be written now would go into what others run.
    throw thrown;
  }
}

const modules = new Map<string, Promise<Uint8Array>>();

/** As {@link writeServer}, for a server that awaits at its top level. */
export async function writeModuleServer(ctx: Context, entry: string): Promise<void> {
  await mkdir(ctx.dir, { recursive: true });
  const made = modules.get(entry) ?? makeModule(entry);
  modules.set(entry, made);
  await Promise.all([
    writeFile(serverPath(ctx, ".mjs"), await made),
    writeFile(serverPath(ctx), `import(${JSON.stringify(serverPath(ctx, ".mjs"))});\n`),
    writeFile(entryPath(ctx), `import ${JSON.stringify(serverPath(ctx, ".mjs"))};\n`),
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
  return ctx.spawn(file, [serverPath(ctx), ...args], options);
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
