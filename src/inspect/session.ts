/**
 * Judges one session on everything that can be known of it now: its agent's store, our record, the process table, and
 * the workspace.
 *
 * Always: the first verdict says which calls are open; only for those the workspace and the process table are asked,
 * and the second verdict is the answer.
 */
import type { AgentAdapter } from "../agent/contract.ts";
import type { FoundSession, SessionRead } from "../agent/resume-types.ts";
import type { Evidence, SourceCut, ToldEvidence } from "../model/evidence.ts";
import type { RunningProcess } from "../model/ports.ts";
import type { CallVerdict, Verdict } from "../model/verdict.ts";
import { probeSession } from "../probe/index.ts";
import { reconcile } from "../reconcile/index.ts";
import { strangerOf, toolsOf } from "./living.ts";
import type { InspectedSession, InspectWorld, OurEvidence } from "./types.ts";

/** What was read of one session. */
export interface SessionParts {
  readonly adapter: AgentAdapter;
  readonly found: FoundSession;
  readonly cwd: string;
  /** All spellings of the session's folder. */
  readonly folders: readonly string[];
  readonly read: SessionRead;
  readonly ourId?: string;
  readonly ours?: OurEvidence;
  readonly running: readonly RunningProcess[];
}

/** Judges a session that was read. */
export async function judgeSession(world: InspectWorld, parts: SessionParts): Promise<InspectedSession> {
  const evidence = await evidenceOf(world, parts);
  const { found, cwd, ourId, read, ours } = parts;
  return {
    found,
    cwd,
    ...(ourId === undefined ? {} : { ourId }),
    evidence,
    verdict: reconcile(evidence),
    sent: read.sent,
    versions: read.versions,
    asked: ours?.asked ?? [],
    ...(read.leftOut === undefined ? {} : { leftOut: read.leftOut }),
  };
}

async function evidenceOf(world: InspectWorld, parts: SessionParts): Promise<Evidence> {
  const { adapter, found, read, ours, running, folders } = parts;
  const sources = [...(ours?.sources ?? []), ...read.sources];
  const isOursLive = ours?.attempts.some(({ liveness }) => liveness !== "dead") ?? false;
  const stranger = isOursLive
    ? undefined
    : strangerOf(adapter, { id: found.id, folders }, running, ours?.identities ?? []);
  const first: Evidence = {
    schema: 1,
    session: { id: found.id, agent: adapter.kind, gated: false },
    attempts: ours?.attempts ?? [],
    sources: adapter.matchStream?.(sources) ?? sources,
    decisions: ours?.decisions ?? [],
    probes: [],
    bootChanged: ours?.bootChanged ?? false,
    resumesFrom: adapter.resumesFrom,
    // A store that was not asked sends an empty history: not even the new prompt.
    ...(read.sent.length === 0 ? {} : { told: toldOf(read, sources) }),
    ...(stranger === undefined ? {} : { stranger }),
    ...(await goneOf(world, parts.cwd)),
  };
  return withWorld(world, parts, first, reconcile(first));
}

async function goneOf(world: InspectWorld, cwd: string): Promise<Pick<Evidence, "workspaceGone">> {
  const stat = await world.files.stat(cwd).catch(() => undefined);
  if (stat?.kind === "folder") return {};
  const value = stat === undefined ? "there is no such folder" : `there is a ${stat.kind}`;
  return { workspaceGone: { source: "W", path: cwd, value } };
}

/** Adds what processes and workspace say of the calls that the sources leave open. */
async function withWorld(
  world: InspectWorld,
  { adapter, cwd, folders, running }: SessionParts,
  evidence: Evidence,
  verdict: Verdict,
): Promise<Evidence> {
  const tools = toolsOf(verdict.calls, folders, running);
  const mayLive = ({ id, effect }: CallVerdict) =>
    effect === "running" || evidence.stranger !== undefined || tools.some(({ callId }) => callId === id);
  const { files, names } = world;
  const { bootChanged } = evidence;
  const look = { files, names, agent: adapter.kind, cwd, mayLive, bootChanged };
  const probes = evidence.workspaceGone === undefined ? await probeSession(look, verdict) : [];
  if (tools.length === 0 && probes.length === 0) return evidence;
  return { ...evidence, probes, ...(tools.length === 0 ? {} : { tools }) };
}

/** Of each call that a source has the best answer that a resume sends. */
function toldOf({ sent }: SessionRead, sources: readonly SourceCut[]): ToldEvidence[] {
  const known = new Set<string>();
  for (const { facts } of sources) {
    for (const { body } of facts) if (body.kind === "call" || body.kind === "result") known.add(body.callId);
  }
  const told = new Map<string, ToldEvidence["answer"]>();
  for (const { role, callId, answer } of sent) {
    if (callId === undefined || !known.has(callId)) continue;
    if (role === "tool" && answer !== "synthetic") told.set(callId, "result");
    else if (role === "tool" && told.get(callId) !== "result") told.set(callId, "synthetic");
    else if (!told.has(callId)) told.set(callId, "none");
  }
  return [...told].map(([callId, answer]) => ({ callId, answer }));
}
