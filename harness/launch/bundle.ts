/**
 * Programs in a folder, by the hash of what they are.
 *
 * Always: a file's name carries a hash of its content, so that a running process never sees its code change, and
 * it is put in place by a rename, so that several workers may share a folder. An unchanged entry is built once
 * in a process.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeProgram, type Program, programFiles } from "./program.ts";

interface Built {
  /** Content hashes of everything that went into the bundle, by absolute path. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly file: Promise<string>;
}

const built = new Map<string, Promise<Built>>();

/**
 * Makes a program of each entry (name → absolute path of a TypeScript file) in `outDir`, and gives the file to start,
 * `<name>-<hash>.cjs`.
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
  const program = await makeProgram(entry);
  return { inputs: await inputHashes(program.inputs), file: place(outDir, name, program) };
}

async function place(outDir: string, name: string, program: Program): Promise<string> {
  await mkdir(outDir, { recursive: true });
  const file = path.join(outDir, `${name}-${hashOf(program.text).slice(0, 12)}`);
  // What is started comes last: when it is there, the others are.
  for (const [end, content] of [...programFiles(program)].reverse()) {
    const temporary = `${file}${end}.${process.pid}`;
    await writeFile(temporary, content);
    await rename(temporary, `${file}${end}`);
  }
  return `${file}.cjs`;
}

async function inputHashes(inputs: readonly string[]): Promise<Map<string, string>> {
  return new Map(await Promise.all(inputs.map(async (file) => [file, await hashOfFile(file)] as const)));
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
