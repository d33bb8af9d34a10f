/**
 * Who in the process table works on a session: its agent, or a tool that an agent started.
 *
 * Always: an agent is known by the name of its program, its folder or the session's id among its arguments; a tool by
 * the command of an open call among its arguments. What was seen is cited, without what its name says is a secret.
 * Never: a process is ended or signalled from here.
 */
import type { AgentAdapter } from "../agent/contract.ts";
import type { Cite } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import { commandLine } from "../model/command-line.ts";
import type { StrangerEvidence, ToolEvidence } from "../model/evidence.ts";
import { isRecord } from "../model/json.ts";
import type { ProcessIdentity, RunningProcess } from "../model/ports.ts";
import type { CallVerdict } from "../model/verdict.ts";

/** Programs that run the script that is the agent. */
const interpreters = new Set(["node", "bun", "deno", "python", "python3"]);
/** The wrapper of our own attempts has the agent's command line among its arguments. */
const wrapperName = "holdfast-agent";
/** A shorter text is likely to stand in an argument by chance. */
const commandCharsMin = 8;

/** An agent that works on the session and is none of our own attempts. */
export function strangerOf(
  adapter: AgentAdapter,
  { id, folders }: { readonly id: string; readonly folders: readonly string[] },
  running: readonly RunningProcess[],
  ours: readonly ProcessIdentity[],
): StrangerEvidence | undefined {
  const name = programName(adapter.commandLine({ prompt: "" }).command);
  const agents = running.filter(
    (one) => isProgram(one, name) && !ours.some((own) => isSame(own, one.identity)),
  );
  const named = agents.find(({ args }) => args.some((arg) => arg === id || arg.endsWith(`=${id}`)));
  if (named !== undefined) return { certain: true, cite: citeOf(named) };
  const here = agents.find(({ cwd }) => cwd !== undefined && folders.includes(cwd));
  return here === undefined ? undefined : { certain: false, cite: citeOf(here) };
}

/** Tools of calls that no source has a result of. */
export function toolsOf(
  calls: readonly CallVerdict[],
  folders: readonly string[],
  running: readonly RunningProcess[],
): ToolEvidence[] {
  const near = running.filter(
    ({ args, cwd }) =>
      !args.includes(wrapperName) &&
      (cwd === undefined || folders.some((folder) => cwd === folder || cwd.startsWith(`${folder}/`))),
  );
  return calls.flatMap((call): ToolEvidence[] => {
    if (call.effect !== "unknown") return [];
    const command = commandOf(call.input);
    const tool = command === undefined ? undefined : near.find(({ args }) => runs(args, command));
    if (tool === undefined) return [];
    const attempt = call.attempt === undefined ? {} : { attempt: call.attempt };
    return [{ callId: call.id, ...attempt, cite: citeOf(tool) }];
  });
}

function commandOf(input: unknown): string | undefined {
  if (!isRecord(input)) return undefined;
  const said = input.command ?? input.cmd;
  const text = Array.isArray(said) ? said.at(-1) : said;
  return typeof text === "string" && text.trim() !== "" ? text.trim() : undefined;
}

function runs(args: readonly string[], command: string): boolean {
  if (args.includes(command) || args.join(" ") === command) return true;
  return command.length >= commandCharsMin && args.some((arg) => arg.includes(command));
}

function isProgram({ args }: RunningProcess, name: string): boolean {
  const [program = "", ...rest] = args;
  if (programName(program) === name) return true;
  if (!interpreters.has(programName(program))) return false;
  const script = rest.find((arg) => !arg.startsWith("-"));
  return script !== undefined && programName(script) === name;
}

function programName(path: string): string {
  return (path.split("/").at(-1) ?? "").replace(/\.(?:c|m)?[jt]s$/, "");
}

function isSame(left: ProcessIdentity, right: ProcessIdentity): boolean {
  return left.pid === right.pid && left.startTime === right.startTime && left.bootId === right.bootId;
}

function citeOf({ identity, args, cwd }: RunningProcess): Cite {
  const where = cwd === undefined ? "" : ` in ${cwd}`;
  const value = `pid ${identity.pid} (start time ${identity.startTime})${where}: ${commandLine(args)}`;
  return { source: "P", value: citeValue(value) };
}
