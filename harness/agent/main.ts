/**
 * Entry of the fake agent: an executable that looks like Ada, Anita, Codex or an agent of ACP from outside and obeys the harness.
 *
 * It is also the process of a call that has one (`--tool`). Started through a launcher as `node agent.cjs --as <name> --socket <path> --run <id> -- <the agent's own arguments>`.
 * Always: it ends when its harness is gone, also while parked, asleep or waiting for a reader.
 * Never: it reads no environment variables but HOME, and loads nothing but what it needs: its start-up is part of
 * every run.
 */
import { serveAcp } from "./acp/serve.ts";
import { AdaStore } from "./ada-store.ts";
import { serveCodex } from "./codex/app-server.ts";
import { parseCodexLine } from "./codex/command-line.ts";
import { Rollout } from "./codex/rollout.ts";
import { endEvents, replyEvents, startEvents } from "./codex/steps.ts";
import { execSay } from "./codex/wire.ts";
import { parseCommandLine } from "./command-line.ts";
import { agentVersion, harnessGoneExitCode } from "./constants.ts";
import { ada } from "./dialect.ts";
import { randomUuid } from "./machine.ts";
import { processMachine, randomHex } from "./process-machine.ts";
import { runTool, toolFlag } from "./tool.ts";
import { type Launched, playTurn, quit } from "./turn.ts";

const [asFlag, name = "", socketFlag, socketPath = "", runFlag, runId = "", separator, ...argv] =
  process.argv.slice(2);
const home = process.env["HOME"] ?? "/";

// Not awaited: CommonJS, as which it is bundled, has no top-level await.
void main();

async function main(): Promise<void> {
  if (asFlag === toolFlag) return runTool(process.argv.slice(3));
  if (asFlag !== "--as" || socketFlag !== "--socket" || runFlag !== "--run" || separator !== "--") {
    quit(harnessGoneExitCode, "ada: this is the fake agent of the harness; start it through its launcher");
  }
  const launched = { name, socketPath, runId, argv };
  if (name === "acp") return serveAcp(launched, home);
  const code = name === "codex" ? await runCodex(launched) : await runAda(launched);
  if (code !== undefined) process.exit(code);
}

async function runAda(launched: Launched): Promise<number | undefined> {
  const line = parseCommandLine(argv);
  if (line.kind === "wrong") quit(1, `${name}: ${line.why}`);
  if (line.kind === "version") return tellVersion();
  const { prompt, resume, model = "holdfast/fake" } = line;
  const [machine, cwd] = [processMachine(), process.cwd()];
  const folder = name === "anita" ? ".anita" : undefined;
  const { code } = await playTurn({
    ...launched,
    machine,
    cwd,
    prompt,
    model,
    ...(resume === undefined ? {} : { resume }),
    dialect: ada,
    storeFor: (id, ledger) =>
      AdaStore.isSessionId(id) ? new AdaStore(cwd, id, ledger, machine, folder) : undefined,
  });
  return code;
}

async function runCodex(launched: Launched): Promise<number | undefined> {
  const line = parseCodexLine(argv);
  if (line.kind === "wrong") quit(1, `${name}: ${line.why}`);
  if (line.kind === "version") return tellVersion();
  if (line.kind === "app-server") {
    serveCodex(launched, home);
    return undefined;
  }
  const machine = processMachine();
  const threadId = line.resume ?? randomUuid({ randomHex });
  const { code } = await playTurn({
    ...launched,
    machine,
    cwd: process.cwd(),
    prompt: line.prompt,
    model: "holdfast/fake",
    ...(line.resume === undefined ? { newId: threadId } : { resume: threadId }),
    dialect: { startEvents, replyEvents, endEvents, say: execSay(threadId) },
    storeFor: (id, ledger) => new Rollout(home, id, randomUuid({ randomHex }), ledger, machine),
  });
  return code;
}

function tellVersion(): undefined {
  process.stdout.write(`${agentVersion}\n`);
}
