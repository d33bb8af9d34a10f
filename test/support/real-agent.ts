/**
 * A real agent from the registry, with a home folder of its own and the scripted model as its model.
 *
 * Always: it is installed into a folder of ours and run with a minimal environment; its process group is ours to end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface RealAgent {
  /** Adapter kind. */
  readonly kind: string;
  readonly packageName: string;
  readonly version: string;
  /** Name of its command. */
  readonly bin: string;
  /** Writes its settings: where its model is. Answers what it needs in its environment. */
  settle(home: string, modelUrl: string): Readonly<Record<string, string>>;
  /** Arguments that no adapter gives: to let it work without a person. */
  readonly more: readonly string[];
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

export const realAgents: readonly RealAgent[] = [
  {
    kind: "pi",
    packageName: "@mariozechner/pi-coding-agent",
    version: "0.73.1",
    bin: "pi",
    more: ["--provider", "mock"],
    settle(home, modelUrl) {
      const mock = {
        baseUrl: `${modelUrl}/v1`,
        api: "openai-completions",
        apiKey: "none",
        models: [{ id: "mock" }],
      };
      put(join(home, ".pi/agent/models.json"), json({ providers: { mock } }));
      return {};
    },
  },
  {
    kind: "codex",
    packageName: "@openai/codex",
    version: "0.169.0",
    bin: "codex",
    more: ["--dangerously-bypass-approvals-and-sandbox"],
    settle(home, modelUrl) {
      const provider = [`name = "mock"`, `base_url = "${modelUrl}/v1"`, `wire_api = "responses"`];
      put(
        join(home, ".codex/config.toml"),
        [`model = "mock"`, `model_provider = "mock"`, "[model_providers.mock]", ...provider, ""].join("\n"),
      );
      return {};
    },
  },
  {
    kind: "claude-code",
    packageName: "@anthropic-ai/claude-code",
    version: "2.1.197",
    bin: "claude",
    more: ["--allowedTools=Bash"],
    settle(home, modelUrl) {
      put(join(home, ".claude.json"), json({ hasCompletedOnboarding: true }));
      return {
        ANTHROPIC_BASE_URL: modelUrl,
        ANTHROPIC_API_KEY: "none",
        ANTHROPIC_MODEL: "mock",
        ANTHROPIC_SMALL_FAST_MODEL: "mock",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        DISABLE_AUTOUPDATER: "1",
      };
    },
  },
  {
    kind: "opencode",
    packageName: "opencode-ai",
    version: "1.18.33",
    bin: "opencode",
    more: [],
    settle(home, modelUrl) {
      const options = { baseURL: `${modelUrl}/v1`, apiKey: "none" };
      const mock = {
        npm: "@ai-sdk/openai-compatible",
        name: "mock",
        options,
        models: { mock: { name: "mock" } },
      };
      put(
        join(home, ".config/opencode/opencode.json"),
        json({
          provider: { mock },
          model: "mock/mock",
          small_model: "mock/mock",
          permission: { bash: "allow" },
          autoupdate: false,
          share: "disabled",
        }),
      );
      return {
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      };
    },
  },
  {
    kind: "gemini-cli",
    packageName: "@google/gemini-cli",
    version: "0.61.0",
    bin: "gemini",
    more: ["--approval-mode=yolo", "--model=gemini-2.5-flash"],
    settle(home, modelUrl) {
      const security = { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } };
      put(
        join(home, ".gemini/settings.json"),
        json({ security, privacy: { usageStatisticsEnabled: false } }),
      );
      return { GEMINI_API_KEY: "none", GOOGLE_GEMINI_BASE_URL: modelUrl, GEMINI_CLI_TRUST_WORKSPACE: "true" };
    },
  },
];

/** Path of its command in the folder, installed if need be; or one sentence why not. */
export async function install(agent: RealAgent, folder: string): Promise<{ path: string } | { why: string }> {
  const path = join(folder, "node_modules/.bin", agent.bin);
  if (existsSync(path)) return { path };
  mkdirSync(folder, { recursive: true });
  put(join(folder, "package.json"), json({ private: true }));
  const wanted = `${agent.packageName}@${agent.version}`;
  const args = ["install", "--no-audit", "--no-fund", "--loglevel=error", wanted];
  const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const code = await exitOf(child);
  return code === 0 && existsSync(path)
    ? { path }
    : { why: `npm could not install ${wanted}: ${said.trim().split("\n").at(-1) ?? `exit ${code}`}` };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}

export interface RunningAgent {
  /** Files with what it said. */
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
  readonly exit: Promise<number | null>;
  /** SIGKILL to its process group. */
  kill(): void;
}

/** Starts it in a process group of its own, its stdout in a file that it holds itself. */
export function run(
  path: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  name: string,
): RunningAgent {
  const [stdout, stderr] = [join(cwd, "..", `${name}.stdout`), join(cwd, "..", `${name}.stderr`)];
  const [out, err] = [openSync(stdout, "w"), openSync(stderr, "w")];
  const child = spawn(path, [...args], { cwd, env, detached: true, stdio: ["ignore", out, err] });
  closeSync(out);
  closeSync(err);
  const pid = child.pid ?? 0;
  return {
    stdout,
    stderr,
    pid,
    exit: exitOf(child),
    kill() {
      try {
        if (pid > 0) process.kill(-pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    },
  };
}

/** The end of what it said on stderr, for a message. */
export function lastWords({ stderr, stdout }: RunningAgent): string {
  return `${readFileSync(stdout, "utf8").slice(-600)}\n${readFileSync(stderr, "utf8").slice(-600)}`;
}
