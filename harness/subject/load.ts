/**
 * Finds a subject by name, or in a file anywhere on the disk.
 *
 * Always: what is wrong with a subject file is said in one sentence before anything is started with it.
 * Never: nothing of a loaded file stays behind on the disk.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { z } from "zod";
import { AgentNameSchema } from "../plan/plan.ts";
import type { Subject, SubjectOptions } from "./contract.ts";
import { SubjectLoadError } from "./load-error.ts";

export { SubjectLoadError } from "./load-error.ts";

const { resolve: resolveFromHere } = createRequire(import.meta.url);

type Exported = Subject | ((options: SubjectOptions) => Subject);

const ours: Readonly<Record<string, () => Promise<{ readonly default: Exported }>>> = {
  reference: () => import("./reference.ts"),
  naive: () => import("./naive.ts"),
  "coding-orchestrator": () => import("./coding-orchestrator.ts"),
  controller: () => import("./controller.ts"),
  sqlite: () => import("./sqlite.ts"),
  "naive-with-import": () => import("./naive-with-import.ts"),
  desk: () => import("./desk.ts"),
  "desk-with-import": async () => ({ default: (await import("./desk.ts")).deskWithImport }),
};

/**
 * One word for a subject and the checkout that it is to run, as it goes to workers and into artifacts.
 *
 * @example
 * subjectSpec("controller", "/src/controller") // "controller in /src/controller"
 */
export function subjectSpec(nameOrFile: string, checkout: string | undefined): string {
  const { name } = readSpec(nameOrFile);
  return checkout === undefined ? nameOrFile : `${name} in ${resolve(checkout)}`;
}

/** The subject's name without folders and extension, for names of folders. */
export function subjectSlug(spec: string): string {
  return basename(readSpec(spec).name).replace(/\.[cm]?[jt]s$/, "");
}

/** A subject that comes with the harness. */
export function isOurs(name: string): boolean {
  return Object.hasOwn(ours, name);
}

/** A word for a subject in its parts. */
export function readSpec(spec: string): { readonly name: string; readonly options: SubjectOptions } {
  const [, name, checkout] = /^(.*?) in (\/.*)$/.exec(spec) ?? [];
  return name === undefined || checkout === undefined
    ? { name: spec, options: {} }
    : { name, options: { checkout } };
}

const method = z.custom((value) => typeof value === "function", "is no function");
const SubjectSchema = z.looseObject({
  name: z.string().min(1).max(60),
  can: z.strictObject({
    resume: z.boolean(),
    reload: z.array(z.enum(["tsx", "node-watch", "signal"])),
    flags: z.boolean(),
    cursor: z.boolean(),
    stop: z.boolean(),
    damage: z.boolean(),
    agents: z.array(AgentNameSchema).min(1).optional(),
    resumesByPrompt: z.boolean().optional(),
    versions: z.boolean().optional(),
    acp: z.boolean().optional(),
    marks: z.array(z.string().regex(/^[A-Z_][A-Z0-9_]*$/)).optional(),
  }),
  port: z.int().min(1).max(65_535).optional(),
  setup: method.optional(),
  start: method,
  submit: method,
  resume: method,
  follow: method.optional(),
  events: method,
  allow: method.optional(),
  observe: method,
  files: method,
  reload: method.optional(),
  useVersion: method.optional(),
  stop: method,
});

/**
 * Loads one of ours by name, or the default export of a `.ts`, `.js` or `.mjs` file (relative to the current
 * folder): a subject, or a function that makes one from {@link SubjectOptions}. TypeScript is bundled with what it imports; `holdfast/harness` resolves from everywhere, and
 * `import.meta.url` is that of the subject file.
 *
 * @throws SubjectLoadError with one clear sentence.
 * @example
 * const subject = await loadSubject("./my-orchestrator.ts");
 */
export async function loadSubject(spec: string): Promise<Subject> {
  const { name: nameOrFile, options } = readSpec(spec);
  const own = Object.hasOwn(ours, nameOrFile) ? ours[nameOrFile] : undefined;
  if (own !== undefined) return made((await own()).default, options, nameOrFile);
  const extension = extname(nameOrFile);
  if (![".ts", ".js", ".mjs"].includes(extension)) {
    throw new SubjectLoadError(
      `There is no subject "${nameOrFile}": give ${Object.keys(ours).join(", ")}, or the path of a .ts, .js or .mjs file.`,
    );
  }
  const file = resolve(nameOrFile);
  if (!existsSync(file)) {
    throw new SubjectLoadError(
      `There is no subject file ${file}: check the path, it is relative to the current folder.`,
    );
  }
  let loaded: { readonly default?: unknown };
  try {
    loaded = extension === ".ts" ? await importTypeScript(file) : await importJavaScript(file);
  } catch (error) {
    throw new SubjectLoadError(`The subject file ${file} cannot be loaded: ${firstLine(error)}.`, {
      cause: error,
    });
  }
  return checked(made(loaded.default, options, file), file);
}

function made<Value>(
  exported: Value | ((options: SubjectOptions) => Value),
  options: SubjectOptions,
  from: string,
): Value {
  if (typeof exported === "function") return (exported as (options: SubjectOptions) => Value)(options);
  if (options.checkout === undefined) return exported;
  throw new SubjectLoadError(`The subject ${from} takes no checkout; leave --checkout out.`);
}

/** The object itself, not a copy: its functions may share state through `this`. */
function checked(subject: unknown, file: string): Subject {
  const template = "harness/subject/example.ts shows the shape.";
  if (typeof subject !== "object" || subject === null) {
    throw new SubjectLoadError(
      `The subject file ${file} has no default export that is an object; ${template}`,
    );
  }
  const { error } = SubjectSchema.safeParse(subject);
  const issue = error?.issues[0];
  if (issue !== undefined) {
    const [part = ""] = issue.path;
    const path = issue.path.join(".");
    const isMissing = issue.path.length === 1 && Reflect.get(subject, part) === undefined;
    const kind = issue.code === "custom" ? "function" : "property";
    const fault = isMissing ? `lacks the ${kind} "${path}"` : `has a wrong "${path}" (${issue.message})`;
    throw new SubjectLoadError(`The subject in ${file} ${fault}; ${template}`);
  }
  // Checked just above; zod would give a copy.
  const found = subject as Subject;
  if (found.can.reload.length > 0 && found.reload === undefined) {
    throw new SubjectLoadError(
      `The subject in ${file} says in "can.reload" that it can be reloaded, and lacks the function "reload"; ${template}`,
    );
  }
  return found;
}

/** What it imports may be TypeScript, for which a worker has no loader until one is needed. */
async function importJavaScript(file: string): Promise<{ readonly default?: unknown }> {
  const { href } = pathToFileURL(file);
  try {
    return await import(href);
  } catch (error) {
    const isTyped = error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION";
    if (!isTyped) throw error;
    const { register } = await import("tsx/esm/api");
    register();
    // Under its own name the failure would be remembered.
    return await import(`${href}?typed`);
  }
}

async function importTypeScript(file: string): Promise<{ readonly default?: unknown }> {
  const harness = harnessEntry();
  const href = JSON.stringify(pathToFileURL(file).href);
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    write: false,
    logLevel: "silent",
    define: { "import.meta.url": href },
    banner: {
      js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(${href});`,
    },
    plugins: [
      {
        name: "holdfast",
        setup: ({ onResolve }) => {
          onResolve({ filter: /^holdfast\/harness$/ }, () => ({ path: harness }));
          // It finds its binary beside itself, so it must stay where it is.
          onResolve({ filter: /^esbuild$/ }, () => ({
            path: pathToFileURL(resolveFromHere("esbuild")).href,
            external: true,
          }));
        },
      },
    ],
  });
  const folder = await mkdtemp(join(tmpdir(), "holdfast-load-"));
  try {
    const bundle = join(folder, "subject.mjs");
    await writeFile(bundle, outputFiles[0]?.contents ?? "");
    return await import(pathToFileURL(bundle).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The harness's public module: beside us in the checkout, by its own name once it is built. */
function harnessEntry(): string {
  const source = fileURLToPath(new URL("../index.ts", import.meta.url));
  return existsSync(source) ? source : resolveFromHere("holdfast/harness");
}

function firstLine(error: unknown): string {
  if (typeof error === "object" && error !== null && "errors" in error && Array.isArray(error.errors)) {
    const EsbuildError = z.object({ text: z.string(), location: z.object({ line: z.number() }).nullish() });
    const first = EsbuildError.safeParse(error.errors[0]).data;
    if (first !== undefined) return `line ${first.location?.line ?? "?"}: ${first.text}`;
  }
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
