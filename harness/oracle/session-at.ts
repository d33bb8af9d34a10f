/**
 * One session at one cut: what its files hold, read by the oracle's own readers, and whether an agent works on it.
 *
 * Always: `life` is "unsure" where the facts leave room: an agent about to start, ending, or seen to act after the
 * cut that did not list it.
 */
import type { CutFile, DiskCut } from "../history.ts";
import type { Attempt } from "./attempts.ts";
import { attemptsOf, type Facts, mayHaveLostShown } from "./facts.ts";
import { bytesOf } from "./lines.ts";
import {
  type AgentLog,
  readAgentLog,
  readSnapshot,
  readSpool,
  type SeenCall,
  type SeenResult,
  type Snapshot,
  type Spool,
} from "./readers.ts";

export interface SessionAt {
  readonly session: number;
  readonly cut: DiskCut;
  readonly ns: bigint;
  /** Started up to the cut, in order. */
  readonly attempts: readonly Attempt[];
  readonly life: "alive" | "dead" | "unsure";
  /** A submit or resume is under way whose agent has not shown itself. */
  readonly pending: boolean;
  /** Its agent keeps a store that others can read. */
  readonly hasStore: boolean;
  readonly logs: readonly AgentLog[];
  readonly snapshots: readonly (Snapshot | "unreadable")[];
  readonly spools: readonly Spool[];
  /** Call ids whose call (result) line the subject holds: in its spool, or shown to a client before the cut. */
  readonly heldCalls: ReadonlySet<string>;
  readonly heldResults: ReadonlySet<string>;
  /** Ids whose line stands in the spool whole but without its newline: held or not, both are right. */
  readonly openCalls: ReadonlySet<string>;
  readonly openResults: ReadonlySet<string>;
  /** Ids that the session's agents told as their own session's. */
  readonly named: ReadonlySet<string>;
  /** A line that nobody vouches for was altered and tells another id: whoever believes it looks for another log. */
  readonly mayBeRenamed: boolean;
  /** The agent's logs and snapshots that nobody can look up, since their agent never told its session id. */
  readonly hidden: {
    readonly logs: readonly AgentLog[];
    readonly snapshots: readonly (Snapshot | "unreadable")[];
  };
}

const cache = new WeakMap<Facts, Map<string, SessionAt>>();

/** Reads one session at one cut. */
export function sessionAt(facts: Facts, cut: DiskCut, session: number): SessionAt {
  const known = cache.get(facts) ?? new Map<string, SessionAt>();
  cache.set(facts, known);
  const key = `${cut.cut}/${session}`;
  const found = known.get(key) ?? readSession(facts, cut, session);
  known.set(key, found);
  return found;
}

function readSession(facts: Facts, cut: DiskCut, session: number): SessionAt {
  const ns = BigInt(cut.t);
  const attempts = attemptsOf(facts, session, ns);
  const spools = filesOf(cut, session, "spool").flatMap(
    (file) => readSpool(asVouched(facts, file, ns)) ?? [],
  );
  const named = namedIds(facts, attempts, spools);
  const isFound = (file: CutFile) => named.has(storeIdOf(file.path));
  const logFiles = filesOf(cut, session, "agent-log");
  const snapshotFiles = filesOf(cut, session, "agent-snapshot");
  const logs = logFiles.filter(isFound).flatMap((file) => readAgentLog(file) ?? []);
  const snapshots = snapshotFiles.filter(isFound).flatMap((file) => readSnapshot(file) ?? []);
  const hidden = {
    logs: logFiles.filter((file) => !isFound(file)).flatMap((file) => readAgentLog(file) ?? []),
    snapshots: snapshotFiles.filter((file) => !isFound(file)).flatMap((file) => readSnapshot(file) ?? []),
  };
  const heldCalls = new Set(spools.flatMap((spool) => idsIn(spool.calls, true)));
  const heldResults = new Set(spools.flatMap((spool) => idsIn(spool.results, true)));
  // What nobody had read yet carries no checksum, and an altered line of it may be taken for what was said.
  const believed = filesOf(cut, session, "spool").flatMap(
    (file) => (isFlipped(facts, file, ns) ? readSpool(file) : undefined) ?? [],
  );
  const open = [...spools, ...believed];
  const mayBeRenamed = believed.some(
    ({ agentSessionId }) => agentSessionId !== undefined && !named.has(agentSessionId),
  );
  const openCalls = new Set([
    ...open.flatMap((spool) => idsIn(spool.calls, false)),
    ...believed.flatMap((spool) => idsIn(spool.calls, true)),
  ]);
  const openResults = new Set([
    ...open.flatMap((spool) => idsIn(spool.results, false)),
    ...believed.flatMap((spool) => idsIn(spool.results, true)),
  ]);
  for (const { session: of, ns: at, event } of mayHaveLostShown(facts, session, ns) ? [] : facts.shown) {
    if (of !== session || at > ns || event.callId === undefined) continue;
    if (event.type === "call") heldCalls.add(event.callId);
    if (event.type === "result") heldResults.add(event.callId);
  }
  const pending = isPending(facts, session, ns);
  const life = lifeAt(facts, cut, session, pending);
  const held = { heldCalls, heldResults, openCalls, openResults, named, mayBeRenamed, hidden };
  const hasStore = facts.run.plan.sessions[session]?.agent !== "acp";
  return { session, cut, ns, attempts, life, pending, hasStore, logs, snapshots, spools, ...held };
}

function flipsOf(facts: Facts, file: CutFile, ns: bigint) {
  return facts.damages.filter(({ how, path, t }) => how === "flip" && path === file.path && BigInt(t) <= ns);
}

function isFlipped(facts: Facts, file: CutFile, ns: bigint): boolean {
  return flipsOf(facts, file, ns).length > 0;
}

/** The file without the lines of which one character was altered: whoever kept checksums does not believe them. */
function asVouched(facts: Facts, file: CutFile, ns: bigint): CutFile {
  const flips = flipsOf(facts, file, ns);
  const bytes = flips.length === 0 ? undefined : bytesOf(file);
  if (bytes === undefined) return file;
  // Another damage may have made the file shorter since.
  for (const { fromByte } of flips) bytes.subarray(fromByte, fromByte + 4).fill(0x1a);
  return { ...file, content: bytes.toString("base64"), base64: true };
}

/** The session with its hidden files among the others. */
export function withHidden(at: SessionAt): SessionAt {
  const { logs, snapshots } = at.hidden;
  return { ...at, logs: [...at.logs, ...logs], snapshots: [...at.snapshots, ...snapshots] };
}

/** The id that the agent's log or snapshot is named by. */
export function storeIdOf(path: string): string {
  const stem = (path.split("/").at(-1) ?? "").replace(/\.jsonl?$/, "");
  return /^rollout-.{20}(.{36})$/.exec(stem)?.[1] ?? stem;
}

/** Ids that agents told on their stdout, as far as it was delivered. */
function namedIds(facts: Facts, attempts: readonly Attempt[], spools: readonly Spool[]): ReadonlySet<string> {
  if (facts.hasSpool) return new Set(spools.flatMap(({ agentSessionId }) => agentSessionId ?? []));
  const said = attempts.filter(({ emissions }) =>
    emissions.some(({ type, doneNs }) => type === "start" && doneNs !== undefined),
  );
  return new Set(said.map(({ agentSessionId }) => agentSessionId));
}

function idsIn(lines: ReadonlyMap<string, SeenCall | SeenResult>, isTerminated: boolean): readonly string[] {
  return [...lines]
    .filter(([, { record }]) => record.isTerminated === isTerminated)
    .map(([callId]) => callId);
}

/** Files of one role that belong to a session. A file without a session is taken where no file of the role has one. */
export function filesOf(cut: DiskCut, session: number, role: CutFile["role"]): readonly CutFile[] {
  const ofRole = cut.files.filter((file) => file.role === role);
  const owned = ofRole.some((file) => file.session !== undefined);
  return ofRole.filter((file) => (owned ? file.session === session : true));
}

function lifeAt(facts: Facts, cut: DiskCut, session: number, pending: boolean): SessionAt["life"] {
  const ns = BigInt(cut.t);
  const attempts = attemptsOf(facts, session);
  const listed = attempts.filter(({ nonce }) => cut.alive.some((agent) => agent.nonce === nonce));
  const ending = (attempt: Attempt) =>
    attempt.emissions.some(({ type, beginNs }) => type === "end" && beginNs <= ns);
  if (listed.some((attempt) => !ending(attempt))) return "alive";
  const acts = attempts.some((attempt) => attempt.startNs <= ns && attempt.aliveUntilNs > ns);
  return listed.length > 0 || acts || pending ? "unsure" : "dead";
}

/** A dispatch was sent before the moment, and its agent started after it, or never showed itself. */
function isPending(facts: Facts, session: number, ns: bigint): boolean {
  let sentNs: bigint | undefined;
  for (const entry of facts.run.history) {
    if (BigInt(entry.t) > ns) break;
    if (!("session" in entry) || entry.session !== session) continue;
    if (entry.kind === "submit" || entry.kind === "resume") sentNs = BigInt(entry.t);
    if (entry.kind === "refused") sentNs = undefined;
  }
  if (sentNs === undefined) return false;
  const since = sentNs;
  const started = attemptsOf(facts, session).filter(({ startNs }) => startNs > since);
  return !started.some(({ startNs }) => startNs <= ns);
}

/** Does any of the session's logs hold the call's record? */
export function logHas(at: SessionAt, what: "calls" | "results", callId: string): boolean {
  return at.logs.some((log) => log[what].has(callId));
}

/** Did a process of the call's own live? */
export function runsATool({ cut, session }: SessionAt, callId: string): boolean {
  return cut.tools?.some((tool) => tool.session === session && tool.callId === callId) === true;
}

/** Is the call named by a model reply in the log (before the call itself is logged)? */
export function replyNames(at: SessionAt, callId: string): boolean {
  return at.logs.some((log) => log.replies.some(({ toolUseIds }) => toolUseIds.includes(callId)));
}
