/**
 * Plans the repair of one session's store: what would be written, and the first message for a resume.
 *
 * Narrow on purpose. Written is only where the owner lets us, Ada's store: its snapshot is rebuilt from its log and our
 * record, and half a line at the end of its log is ended, so that the next record begins on a line of its own. The
 * stores of other vendors are closed: for them the repair is the message.
 * Always: planning reads and writes nothing; the same state of the files gives the same plan, and a repaired store an
 * empty one.
 */
import type { AgentAdapter, EarlierPrompt } from "../agent/contract.ts";
import type { Sent } from "../agent/resume-types.ts";
import { crc32 } from "../journal/index.ts";
import type { Evidence } from "../model/evidence.ts";
import { type Files, IoError } from "../model/ports.ts";
import type { Verdict } from "../model/verdict.ts";

/** Agents whose store may be written. */
const writable = new Set(["ada"]);
/** What the agent is asked when nobody asks for anything else. */
const defaultAsk = "Continue where you left off.";
/** A larger snapshot is not rebuilt. */
const snapshotBytesMax = 256 * 1024 * 1024;

/** A session as an inspection that kept everything found it. */
export interface RepairedSession {
  readonly agentSessionId: string;
  readonly cwd: string;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly sent: readonly Sent[];
  /** What people asked for, per attempt of ours. */
  readonly asked: readonly EarlierPrompt[];
}

export type RepairStep =
  | {
      readonly kind: "replace";
      readonly path: string;
      readonly bytes: Uint8Array;
      /** What stands there now; undefined when nothing does. */
      readonly original: Uint8Array | undefined;
      readonly why: string;
    }
  | {
      readonly kind: "end-line";
      readonly path: string;
      /** The bytes of the half line; the file ends behind them. */
      readonly fromByte: number;
      readonly toByte: number;
      readonly why: string;
    };

export interface RepairPlan {
  readonly agent: string;
  readonly agentSessionId: string;
  /** Folder for copies of what is replaced. */
  readonly keepFolder: string;
  readonly steps: readonly RepairStep[];
  /** To be put to the resumed agent first; undefined when there is nothing that it must be told. */
  readonly message: string | undefined;
  /** Nothing may be written, and why: one sentence. */
  readonly refusal: string | undefined;
}

/** Plans one session. @throws IoError when the snapshot cannot be read for another reason than its permission. */
export async function planRepair(
  files: Files,
  adapter: AgentAdapter,
  session: RepairedSession,
  nowMs: number,
): Promise<RepairPlan> {
  const { agentSessionId, cwd } = session;
  const refusal = refusalOf(session);
  const keepFolder = `${cwd}/.coding-agent/holdfast`;
  const base = { agent: adapter.kind, agentSessionId, keepFolder };
  const { snapshot } = adapter.storePaths(cwd, agentSessionId);
  const original = snapshot === undefined ? undefined : await readBounded(files, snapshot);
  if (typeof original === "string") return { ...base, steps: [], message: undefined, refusal: original };
  const handOver = adapter.handOver({
    verdict: session.verdict,
    prompt: defaultAsk,
    earlierPrompts: session.asked,
    handOverId: idOf(session),
    sources: session.evidence.sources,
    sent: session.sent,
    ...(original === undefined ? {} : { snapshotText: new TextDecoder().decode(original) }),
    agentSessionId,
    cwd,
    nowMs,
  });
  const message = handOver.prompt === defaultAsk ? undefined : handOver.prompt;
  const steps: RepairStep[] = writable.has(adapter.kind)
    ? [...endLines(session), ...replaces(handOver, original)]
    : [];
  return { ...base, steps, message, refusal };
}

function replaces(
  { repairs }: ReturnType<AgentAdapter["handOver"]>,
  original: Uint8Array | undefined,
): RepairStep[] {
  return repairs.map(({ path, bytes, why }) => ({ kind: "replace", path, bytes, original, why }));
}

/** The log's last line, where it is no record and has no newline. */
function endLines({ evidence }: RepairedSession): RepairStep[] {
  const logs = evidence.sources.filter(({ source }) => source === "L");
  return logs.flatMap(({ damage }) =>
    damage.flatMap(({ code, path, range }): RepairStep[] => {
      if (code !== "torn-tail") return [];
      const why = `The last ${range.toByte - range.fromByte} bytes of the log are half a record; a newline keeps the next one apart from them.`;
      return [{ kind: "end-line", path, ...range, why }];
    }),
  );
}

/** While the agent may write, or while the sources contradict one another, nothing is written. */
function refusalOf({ evidence, verdict }: RepairedSession): string | undefined {
  const { state } = verdict.run;
  if (evidence.stranger !== undefined || state === "live" || state === "live-unowned") {
    return "An agent may be working on this session. End it, or wait until it is done, and look again.";
  }
  if (evidence.attempts.some(({ liveness }) => liveness !== "dead")) {
    return "Whether an agent of this session is gone cannot be told. Make sure that it is, and look again.";
  }
  const block = verdict.findings.find(({ severity }) => severity === "blocks");
  if (block !== undefined) return `${block.summary} A person decides that first.`;
  return undefined;
}

/** The same for the same verdict, so that planning twice says the same. */
function idOf({ agentSessionId, verdict }: RepairedSession): string {
  const calls = verdict.calls.map(({ id, turn, state }) => [id, turn, state]);
  const text = JSON.stringify([agentSessionId, verdict.run, calls]);
  return crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
}

/** The bytes, undefined where there is no file, or a sentence why it cannot be read. */
async function readBounded(files: Files, path: string): Promise<Uint8Array | undefined | string> {
  try {
    const stat = await files.stat(path);
    if (stat === undefined) return undefined;
    if (stat.kind !== "file")
      return `There is a ${stat.kind} where the snapshot should be: ${path}. Move it away.`;
    if (stat.sizeBytes > snapshotBytesMax)
      return `The snapshot has ${stat.sizeBytes} bytes, too many to rebuild: ${path}.`;
    const file = await files.openRead(path);
    if (file === undefined) return undefined;
    try {
      return await file.read(0, await file.size());
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return `The snapshot cannot be read (${thrown.code}): ${path}. Make it readable, and look again.`;
  }
}
