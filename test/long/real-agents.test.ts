/**
 * Real agents, from the registry, end to end: killed as the finished call's result reaches the model, with our record of
 * their stdout, and resumed with what `holdfast repair` says must be told.
 *
 * The proof: the first request of the resumed agent holds the result, and the command is not run again. Once with the
 * store as the kill left it, and once more without its last lines, as a power cut leaves a store that was never synced:
 * then the result can come from our record alone, and without us the agent repeats the call.
 * An agent that cannot be installed or does not come as far as its result here is skipped, with the reason; at least two
 * must come through. HOLDFAST_AGENTS names a folder that keeps the installed agents for the next time.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adapters } from "../../src/agent/index.ts";
import { Command } from "../cli/project.ts";
import { ModelServer } from "../support/model-server.ts";
import {
  install,
  lastWords,
  type RealAgent,
  type RunningAgent,
  realAgents,
  run,
} from "../support/real-agent.ts";
import { recordSession } from "../support/server-record.ts";

const resultToken = "result-7f3a91c5d2";
const prompt = "Please do the scripted work.";
const goOn = "Continue where you left off.";
const limitMs = 600_000;

const kept = process.env.HOLDFAST_AGENTS;
const root = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-agents-")));
const outcomes = new Map<string, string>();
let command: Command;

beforeAll(async () => {
  command = await Command.build();
});
afterAll(() => {
  command.remove();
  rmSync(root, { recursive: true, force: true });
  for (const [kind, said] of outcomes) console.log(`${kind}: ${said}`);
});

/** Home, project and the effects of one agent; a copy is another world with the same state. */
class Site {
  readonly root: string;
  readonly agent: RealAgent;
  readonly path: string;
  readonly model: ModelServer;

  constructor(root: string, agent: RealAgent, path: string, model: ModelServer) {
    this.root = root;
    this.agent = agent;
    this.path = path;
    this.model = model;
  }

  get home(): string {
    return join(this.root, "home");
  }

  get project(): string {
    return join(this.root, "project");
  }

  /** So many times the command took effect. */
  get effects(): number {
    return readFileSync(join(this.project, "effects.log"), "utf8").split("\n").length - 1;
  }

  create(): this {
    mkdirSync(this.home, { recursive: true });
    mkdirSync(this.project);
    writeFileSync(join(this.project, "token.txt"), `${resultToken}\n`);
    writeFileSync(join(this.project, "effects.log"), "");
    return this;
  }

  start(words: string, name: string, resume?: string): RunningAgent {
    const adapter = adapters[this.agent.kind];
    if (adapter === undefined) throw new Error(`no adapter ${this.agent.kind}`);
    const line = adapter.commandLine({ prompt: words, ...(resume === undefined ? {} : { resume }) });
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: this.home,
      ...this.agent.settle(this.home, this.model.url),
    };
    return run(this.path, withMore(line.args, this.agent), this.project, env, name);
  }
}

interface Report {
  readonly sessions: readonly {
    readonly path: string;
    readonly calls: readonly { readonly effect: string; readonly modelKnows: string }[];
  }[];
}

/** What the commands say of the session: its first call, and the first message for a resume. */
async function judged(site: Site, id: string) {
  const inspected = await command.run(["inspect", site.project, "--json", "--session", id], site.home);
  const [session] = (JSON.parse(inspected.out) as Report).sessions;
  const [call] = session?.calls ?? [];
  return { path: session?.path ?? "", ...call, words: await messageFor(site, id) };
}

/** Cuts a log of lines off before the first that has the result; false for a store of another kind. */
function loseResult(path: string): boolean {
  if (!path.endsWith(".jsonl")) return false;
  const text = readFileSync(path, "utf8");
  const at = text.indexOf(resultToken);
  if (at >= 0) truncateSync(path, Buffer.byteLength(text.slice(0, text.lastIndexOf("\n", at) + 1)));
  return true;
}

function repeats(count: number): string {
  return count === 0 ? "not repeated" : `repeated ${count === 1 ? "once" : `${count} times`}`;
}

/** Options of Codex belong to its first word, those of the others stand before everything. */
function withMore(args: readonly string[], { kind, more }: RealAgent): string[] {
  return kind === "codex" || kind === "opencode"
    ? [...args.slice(0, 1), ...more, ...args.slice(1)]
    : [...more, ...args];
}

async function atMost<T>(work: Promise<T>, what: string, agent: RunningAgent): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took too long: ${lastWords(agent)}`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    agent.kill();
  }
}

/** The agent is killed at the moment at which the request with the result arrives. */
async function killAtResult(site: Site): Promise<RunningAgent | string> {
  const held = site.model.holdAtResult();
  const agent = site.start(prompt, "first");
  const over = agent.exit.then((code) => `it ended with ${code} before its result: ${lastWords(agent)}`);
  try {
    const came = await atMost(Promise.race([held, over]), "The result", agent);
    if (typeof came === "string") return came;
    await agent.exit;
    return agent;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function sessionIn(stdout: string, { kind }: RealAgent): string | undefined {
  for (const line of readFileSync(stdout, "utf8").split("\n")) {
    for (const body of adapters[kind]?.decodeLine(line) ?? []) {
      if (body.kind === "session") return body.agentSessionId;
    }
  }
  return undefined;
}

/** First requests of the resumed agent, and what the command did meanwhile. */
async function resume(site: Site, words: string, id: string, name: string) {
  const from = site.model.requests.length;
  const before = site.effects;
  const agent = site.start(words, name, id);
  const code = await atMost(agent.exit, "The resumed agent", agent);
  const [first] = site.model.requests.slice(from);
  return { code, first, again: site.effects - before, said: lastWords(agent) };
}

/** What the command says must be told. */
async function messageFor(site: Site, id: string): Promise<string> {
  const repair = await command.run(["repair", site.project, "--session", id], site.home);
  const lines = repair.out.split("\n").filter((line) => line.startsWith(">"));
  return lines.length === 0 ? goOn : lines.map((line) => line.replace(/^> ?/, "")).join("\n");
}

test.for(realAgents)(
  "$kind, killed after the result and resumed with the hand-over, is told the result and does not repeat the call",
  { timeout: 3_000_000 },
  async (agent, { skip }) => {
    const { kind } = agent;
    const skipFor = (why: string) => {
      outcomes.set(kind, `skipped: ${why}`);
      return skip(why);
    };
    const installed = await install(agent, join(kept ?? join(root, "agents"), kind));
    if ("why" in installed) {
      return skipFor(installed.why);
    }
    const model = await ModelServer.start({
      command: "echo once >> effects.log; cat token.txt",
      resultToken,
    });
    try {
      const site = new Site(join(root, kind), agent, installed.path, model).create();
      const killed = await killAtResult(site);
      if (typeof killed === "string") {
        return skipFor(killed.trim().slice(-400));
      }
      expect(site.effects).toBe(1);
      const id = sessionIn(killed.stdout, agent);
      expect(id, "the stream names its session").toBeDefined();
      if (id === undefined) return;

      await recordSession({
        home: join(site.home, ".holdfast"),
        session: "aaaaaaaaaaaaaaaa",
        agent: kind,
        agentSessionId: id,
        cwd: site.project,
        prompt,
        stdout: killed.stdout,
        coveredBytes: readFileSync(killed.stdout).length,
      });
      const killedState = join(root, `${kind}-state`);
      cpSync(site.root, killedState, { recursive: true });
      /** Stores name the folder they are of, so a state is put back in its place. */
      const putBack = () => {
        rmSync(site.root, { recursive: true });
        cpSync(killedState, site.root, { recursive: true });
      };

      const asKilled = await judged(site, id);
      expect(asKilled.effect).toBe("done");
      const resumed = await resume(site, asKilled.words, id, "resumed");
      expect(resumed.first?.knowsResult, resumed.said).toBe(true);
      expect(resumed.again).toBe(0);
      expect(asKilled.words.includes(resultToken)).toBe(asKilled.modelKnows !== "yes");
      const source = asKilled.modelKnows === "yes" ? "its store" : "the hand-over";
      const said = `${agent.version}: killed: the result came from ${source}, ${repeats(resumed.again)}`;
      outcomes.set(kind, said);

      putBack();
      if (!loseResult(asKilled.path)) return;
      const alone = await resume(site, goOn, id, "alone");
      putBack();
      loseResult(asKilled.path);
      const lost = await judged(site, id);
      // Told nothing, or that there is no result: in either case not what happened.
      expect(lost.effect).toBe("done");
      expect(["no", "wrongly"]).toContain(lost.modelKnows);
      expect(lost.words).toContain(resultToken);
      const told = await resume(site, lost.words, id, "told");
      outcomes.set(
        kind,
        `${said}; store without the result: alone ${repeats(alone.again)}, with the hand-over ${repeats(told.again)}`,
      );
      expect(alone.again, alone.said).toBeGreaterThan(0);
      expect(told.first?.knowsResult, told.said).toBe(true);
      expect(told.again).toBe(0);
    } finally {
      await model.stop();
    }
  },
);

test("at least two agents came through", () => {
  const through = [...outcomes.values()].filter((said) => said.includes("killed: the result came"));
  expect(through.length, [...outcomes].map((one) => one.join(": ")).join("\n")).toBeGreaterThanOrEqual(2);
});
