/**
 * Bundles TypeScript entries into single files that Node starts fast.
 *
 * Always: a file's name carries a hash of its content, so that a running process never sees its code change, and
 * it is put in place by a rename, so that several workers may share a folder. An unchanged entry is built once
 * in a process.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, type Metafile } from "esbuild";

interface Built {
  /** Content hashes of everything that went into the bundle, by absolute path. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly file: Promise<string>;
}

const built = new Map<string, Promise<Built>>();
const workingDir = process.cwd();

/** CommonJS packages inside the bundle still call `require`; on the first line, so that line numbers hold. */
const requireShim =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles each entry (name → absolute path of a TypeScript file) into `outDir/<name>-<hash>.mjs` for Node 20.
 * Rejects with esbuild's message, which names file and line, when an entry cannot be built.
 *
 * @example
 * const { ada } = await bundleOnce({ ada: "/checkout/harness/agent/main.ts" }, "/tmp/run/bundles");
 */
export async function bundleOnce<Name extends string>(
  entries: Readonly<Record<Name, string>>,
  outDir: string,
): Promise<Record<Name, string>> {
  const names = Object.keys(entries) as Name[];
  const files = await Promise.all(names.map((name) => bundleEntry(name, entries[name], outDir)));
  return Object.fromEntries(names.map((name, index) => [name, files[index]])) as Record<Name, string>;
}

async function bundleEntry(name: string, entry: string, outDir: string): Promise<string> {
  const key = JSON.stringify([name, entry, outDir]);
  const earlier = built.get(key);
  if (earlier !== undefined) {
    const known = await earlier.catch(() => undefined);
    if (known !== undefined && existsSync(await known.file) && (await isUnchanged(known.inputs))) {
      return known.file;
    }
    // Another caller may have begun the rebuild while we looked.
    const newer = built.get(key);
    if (newer !== undefined && newer !== earlier) return (await newer).file;
  }
  const now = buildEntry(name, entry, outDir);
  built.set(key, now);
  return (await now).file;
}

async function buildEntry(name: string, entry: string, outDir: string): Promise<Built> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    write: false,
    metafile: true,
    logLevel: "silent",
    legalComments: "none",
    absWorkingDir: workingDir,
  });
  const output = result.outputFiles[0];
  if (output === undefined) throw new Error(`esbuild made no output of ${entry}.`);
  const needsRequire = Object.values(result.metafile.inputs).some(({ format }) => format === "cjs");
  const text = needsRequire ? requireShim + output.text : output.text;
  return { inputs: await inputHashes(result.metafile), file: place(outDir, name, text) };
}

async function place(outDir: string, name: string, text: string): Promise<string> {
  const file = path.join(outDir, `${name}-${hashOf(text).slice(0, 12)}.mjs`);
  const temporary = `${file}.${process.pid}`;
  await mkdir(outDir, { recursive: true });
  await writeFile(temporary, text);
  await rename(temporary, file);
  return file;
}

async function inputHashes(metafile: Metafile): Promise<Map<string, string>> {
  const inputs = Object.keys(metafile.inputs).map((input) => path.resolve(workingDir, input));
  return new Map(await Promise.all(inputs.map(async (input) => [input, await hashOfFile(input)] as const)));
}

async function isUnchanged(inputs: ReadonlyMap<string, string>): Promise<boolean> {
  const same = await Promise.all(
    [...inputs].map(async ([input, hash]) => (await hashOfFile(input)) === hash),
  );
  return same.every(Boolean);
}

async function hashOfFile(file: string): Promise<string> {
  return hashOf(await readFile(file).catch(() => Buffer.alloc(0)));
}

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
