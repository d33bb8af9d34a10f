/**
 * Gathers a cut: what every source says about one session now.
 *
 * Always: each source is read once and says where it was read; what could not be read is in the cut as damage.
 * Never: nothing is concluded here.
 */
import { KeptFacts, streamedCharsKeptMax } from "../agent/kept-facts.ts";
import type { Cite } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { Abilities, ApprovalEvidence, AttemptEvidence, Evidence, SourceCut } from "../model/evidence.ts";
import type { Damage, Fact } from "../model/fact.ts";
import { attemptPaths } from "../supervise/index.ts";
import { agentLiveness } from "./agent-life.ts";
import { adapterOf, attemptFolder, type Context, lifeOf, surroundingsOf } from "./context.ts";
import { coveredByte, fileByteOf } from "./covers.ts";
import { mayLackRecords } from "./gaps.ts";
import { lateDamage } from "./late.ts";
import type { AttemptState, RunRecordState, SessionState } from "./state.ts";
import { decodeLine } from "./stream.ts";
import { isHole, readUnits, type Unit } from "./units.ts";

/**
 * @param agent "living" leaves out what the agent is writing: its snapshot, and its log but for what earlier attempts left
 * there, which may be the only witness of their calls.
 * @throws IoError when a spool or the store cannot be read at all.
 */
export async function gatherEvidence(
  context: Context,
  session: SessionState,
  agent: "gone" | "living",
): Promise<Evidence> {
  const adapter = adapterOf(session);
  const latest = session.attempts.at(-1);
  const [attempts, spools, stores] = await Promise.all([
    Promise.all(session.attempts.map((attempt) => attemptEvidence(context, session, attempt))),
    Promise.all(session.attempts.map((attempt) => spoolCut(context, session, attempt))),
    agent === "gone" || session.attempts.length > 1 ? readStore(context, session) : [],
  ]);
  const sources = [...spools, ...(agent === "gone" ? stores : earlierTurns(stores, session))];
  const matched = adapter.matchStream?.(sources) ?? sources;
  const damage = [
    ...(context.journalDamage.get(session.id) ?? lostRecords(context, session)),
    ...lateDamage(context, session.id),
  ];
  return {
    schema: 1,
    session: { id: session.id, agent: session.agent, gated: false },
    attempts,
    sources: [...journalCut(damage), ...matched],
    decisions: session.decisions,
    ...(adapter.converse === undefined ? {} : { approvals: approvalsOf(session) }),
    probes: [],
    bootChanged: latest !== undefined && latest.bootId !== context.world.processes.self.bootId,
    resumesFrom: adapter.resumesFrom,
  };
}

function approvalsOf({ attempts }: SessionState): readonly ApprovalEvidence[] {
  return attempts.flatMap(({ attempt, approvals = [] }) =>
    approvals.filter(({ allows }) => allows).map(({ callId, cite }) => ({ callId, attempt, cite })),
  );
}

async function readStore(context: Context, session: SessionState): Promise<readonly SourceCut[]> {
  const { agentSessionId, cwd } = session;
  const adapter = adapterOf(session);
  if (agentSessionId === undefined || !adapter.isSessionId(agentSessionId)) return [];
  return adapter.readStore(context.world.files, cwd, agentSessionId, surroundingsOf(context));
}

/** The log before the turn of the living attempt: of that one its stream tells, and the log may be shorter or ahead. */
function earlierTurns(stores: readonly SourceCut[], { attempts }: SessionState): SourceCut[] {
  const living = attempts.at(-1);
  const before = attempts.slice(0, -1).filter(({ prompt, ended }) => {
    return prompt === living?.prompt && ended?.started !== "no";
  });
  return stores.flatMap((cut) => {
    if (cut.source !== "L") return [];
    const own = cut.facts.filter(({ body }) => body.kind === "prompt" && body.text === living?.prompt);
    const first = own[before.length];
    return [first === undefined ? cut : { ...cut, facts: cut.facts.slice(0, cut.facts.indexOf(first)) }];
  });
}

async function attemptEvidence(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
): Promise<AttemptEvidence> {
  const run = session.runs.find((one) => one.id === attempt.runId);
  const base = {
    attempt: attempt.attempt,
    runId: attempt.runId,
    prompt: attempt.prompt,
    dispatchCite: attempt.cite,
    bootChanged: attempt.bootId !== context.world.processes.self.bootId,
    ...(mayLackRecords(context, attempt) ? { mayLackApprovals: true as const } : {}),
    ...cancelOf(run, attempt, session),
  };
  const { ended } = attempt;
  if (ended !== undefined) {
    const end = { exitCode: ended.exitCode, cite: ended.cite };
    return {
      ...base,
      started: ended.started,
      liveness: "dead",
      processCite: processCite(attempt, ended.seen),
      ...(ended.started === "no" ? {} : { ended: end }),
    };
  }
  const { trouble } = lifeOf(context, session.id);
  const liveness = await agentLiveness(context, session, attempt);
  const spoke =
    coveredByte(attempt.covers) > 0 || attempt.identity !== undefined || liveness.state === "alive";
  // A follower records what an agent said last before it records its end: until then it is not over. A session in
  // trouble has none, nor has an earlier attempt: there the record of its end is lost.
  const isFollowed = trouble === undefined && attempt === session.attempts.at(-1);
  return {
    ...base,
    started: spoke ? "yes" : "unknown",
    liveness: liveness.state === "dead" && isFollowed ? "alive" : liveness.state,
    processCite: processCite(attempt, liveness.seen),
  };
}

/** A cancel belongs to the last attempt of its run. */
function cancelOf(
  run: RunRecordState | undefined,
  attempt: AttemptState,
  session: SessionState,
): { readonly cancelled?: Cite } {
  if (run?.cancelled === undefined) return {};
  const last = session.attempts.findLast((one) => one.runId === run.id);
  return last === attempt ? { cancelled: run.cancelled.cite } : {};
}

function processCite(attempt: AttemptState, seen: string): Cite {
  return { source: "P", attempt: attempt.attempt, value: citeValue(seen) };
}

/** The spool of one attempt, as far as it is on record. */
async function spoolCut(context: Context, session: SessionState, attempt: AttemptState): Promise<SourceCut> {
  const adapter = adapterOf(session);
  const { spool: path } = attemptPaths(attemptFolder(context, session.id, attempt.attempt));
  const file = await context.world.files.openRead(path);
  const abilities = attempt.over === "pipes" ? throughPipes(adapter.abilities.O) : adapter.abilities.O;
  const cut = { source: "O" as const, path, abilities };
  const kept = new KeptFacts(streamedCharsKeptMax);
  const damage: Damage[] = [];
  try {
    for (let index = 0; index < attempt.covers.ends.length; ) {
      const units = await readUnits(file, attempt.covers, index);
      index += units.length;
      for (const unit of units) {
        if (isHole(unit)) damage.push(holeDamage(path, unit));
        else kept.add(factsOf(unit, path, attempt.attempt, (line) => decodeLine(adapter, line)));
      }
    }
    if (file !== undefined && attempt.ended !== undefined)
      damage.push(...(await tailDamage(file, path, attempt)));
  } finally {
    await file?.close();
  }
  const missing = file === undefined && attempt.covers.ends.length > 0;
  return { ...cut, status: missing ? "missing" : "read", facts: kept.facts, damage: joined(damage) };
}

/** What an agent wrote into a pipe is lost with the host that has not read it yet: its silence proves nothing. */
function throughPipes(abilities: Abilities): Abilities {
  return Object.fromEntries(
    Object.entries(abilities).map(([kind, ability]) => [
      kind,
      ability.order === "write-ahead" ? { ...ability, order: "write-behind" as const } : ability,
    ]),
  );
}

function factsOf(
  unit: Unit,
  path: string,
  attempt: number,
  decode: (line: Unit["lines"][number]) => readonly Fact["body"][],
): Fact[] {
  const delta = unit.range.fromByte - unit.fileFromByte;
  return unit.lines.flatMap((line) => {
    const range = { fromByte: line.range.fromByte - delta, toByte: line.range.toByte - delta };
    return decode(line).map((body, k) => ({ source: "O" as const, path, range, k, attempt, body }));
  });
}

function holeDamage(path: string, unit: Unit): Damage {
  const length = unit.range.toByte - unit.range.fromByte;
  const range = { fromByte: unit.fileFromByte, toByte: unit.fileFromByte + length };
  if (unit.status === "unreadable") {
    const detail = `${length} bytes that were recorded as synced cannot be read: the disk answers with an error.`;
    return { code: "log-unreadable", path, range, detail };
  }
  return unit.status === "missing"
    ? { code: "truncated", path, range, detail: `${length} bytes that were recorded as synced are missing.` }
    : {
        code: "checksum",
        path,
        range,
        detail: "These bytes are not those that were synced: their CRC-32 differs.",
      };
}

/** Bytes behind the last line of an agent that is gone: kept, and no record. */
async function tailDamage(
  file: { size(): Promise<number> },
  path: string,
  attempt: AttemptState,
): Promise<readonly Damage[]> {
  const fromByte = fileByteOf(attempt.covers, coveredByte(attempt.covers));
  const toByte = await file.size();
  if (toByte <= fromByte) return [];
  const detail = `${toByte - fromByte} bytes at the end are no complete line; the agent was gone before it wrote the rest.`;
  return [{ code: "torn-tail", path, range: { fromByte, toByte }, detail }];
}

/** Neighbouring holes of one kind are one damage. */
function joined(damage: readonly Damage[]): Damage[] {
  const found: Damage[] = [];
  for (const one of damage) {
    const last = found.at(-1);
    if (last === undefined || last.code !== one.code || last.range.toByte !== one.range.fromByte) {
      found.push(one);
      continue;
    }
    const range = { fromByte: last.range.fromByte, toByte: one.range.toByte };
    found[found.length - 1] = { ...last, range, detail: joinedDetail(one, range.toByte - range.fromByte) };
  }
  return found;
}

function joinedDetail(damage: Damage, bytes: number): string {
  if (damage.code === "log-unreadable")
    return `${bytes} bytes that were recorded as synced cannot be read: the disk answers with errors.`;
  return damage.code === "truncated"
    ? `${bytes} bytes that were recorded as synced are missing.`
    : `${bytes} bytes are not those that were synced: their CRC-32s differ.`;
}

/** Records that are gone without a trace in the journal, as an emptied segment leaves none. */
function lostRecords(context: Context, session: SessionState): Damage[] {
  return session.attempts.flatMap(({ attempt, restoredFrom }) => {
    if (restoredFrom === undefined) return [];
    const detail = `The journal no longer held attempt ${attempt} of this session, or all of it; it was restored from ${restoredFrom}.`;
    const path = `${context.config.home}/journal`;
    return [{ code: "truncated" as const, path, range: { fromByte: 0, toByte: 0 }, detail }];
  });
}

function journalCut(damage: readonly Damage[]): readonly SourceCut[] {
  const [first] = damage;
  if (first === undefined) return [];
  return [{ source: "J", path: first.path, status: "read", abilities: {}, facts: [], damage }];
}
