/** A project and a home folder on the disk, with stores of real agents in them, and the command run as a process. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";

export const adaId = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";
export const claudeId = "863a54be-ac71-488d-8a0b-bcbc08e9c9e2";
const fixtures = "test/fixtures";
const ada = `${fixtures}/ada-0.1.0/killed-during-second-tool`;

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The bundled command. */
export class Command {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async build(): Promise<Command> {
    // Beside the packages, so that what is not bundled is found.
    const cache = "node_modules/.cache";
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(process.cwd(), cache, "holdfast-command-"));
    const path = join(folder, "holdfast.mjs");
    await build({
      entryPoints: ["src/cli/holdfast.ts"],
      outfile: path,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external: ["sql.js"],
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
      logLevel: "error",
    });
    return new Command(path);
  }

  run(args: readonly string[], home: string, cwd = tmpdir()): Promise<Run> {
    const env = { PATH: process.env.PATH ?? "", HOME: home };
    const child = spawn(process.execPath, [this.#path, ...args], { env, cwd });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
  }

  /** The script, to be started in another way. */
  get path(): string {
    return this.#path;
  }

  remove(): void {
    rmSync(dirname(this.#path), { recursive: true, force: true });
  }
}

export class Project {
  readonly folder: string;
  readonly home: string;
  readonly #root: string;

  constructor() {
    this.#root = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-project-")));
    this.folder = join(this.#root, "project");
    this.home = join(this.#root, "home");
    mkdirSync(this.folder);
    mkdirSync(this.home);
  }

  get adaLog(): string {
    return join(this.folder, ".coding-agent/events", `${adaId}.jsonl`);
  }

  get adaSnapshot(): string {
    return join(this.folder, ".coding-agent/sessions", `${adaId}.json`);
  }

  get claudeLog(): string {
    const name = this.folder.replace(/[^A-Za-z0-9]/g, "-");
    return join(this.home, ".claude/projects", name, `${claudeId}.jsonl`);
  }

  /** Ada, killed while its second call ran, before its resume. */
  withAda(): this {
    const log = readFileSync(`${ada}/events-after-resume.jsonl`, "utf8").split("\n").slice(0, 9).join("\n");
    this.write(this.adaLog, `${log}\n`);
    const snapshot: unknown = JSON.parse(readFileSync(`${ada}/snapshot-after-resume.json`, "utf8"));
    this.write(this.adaSnapshot, JSON.stringify({ ...(snapshot as object), messages: [] }, undefined, 2));
    return this;
  }

  /** Claude Code, killed after the tool's result. */
  withClaude(): this {
    mkdirSync(dirname(this.claudeLog), { recursive: true });
    copyFileSync(`${fixtures}/claude-code-2.1.197/killed-after-tool-result/session.jsonl`, this.claudeLog);
    return this;
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
