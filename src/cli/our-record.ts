/**
 * What the orchestrator's folder says of its sessions, read without taking it over: the server may be running, or gone.
 *
 * Always: the spool is read to its end, behind what the journal covers too: what an agent said after its server died
 * is there and nowhere else. A folder that is not there is an empty record.
 * Never: anything is written, and no agent is signalled.
 */
import { adapters } from "../agent/index.ts";
import type { KeepLimits } from "../agent/resume-types.ts";
import type { OurEvidence, OurRecord, OurSession } from "../inspect/index.ts";
import { type JournalHistory, readJournal } from "../journal/index.ts";
import type { SourceCut } from "../model/evidence.ts";
import type { Damage } from "../model/fact.ts";
import { IoError, type World } from "../model/ports.ts";
import { recordCite } from "../session/recorder.ts";
import { readRecord } from "../session/records.ts";
import { emptyState, fold, type SessionState, type State } from "../session/state.ts";
import { attemptOf, identitiesOf } from "./our-attempt.ts";
import { spoolCut } from "./our-spool.ts";

export type RecordWorld = Pick<World, "files" | "processes" | "agents">;

/** @param home absolute path of the orchestrator's folder. */
export async function readOurRecord(
  world: RecordWorld,
  home: string,
  keep: KeepLimits | undefined,
): Promise<OurRecord> {
  const journal = `${home}/journal`;
  try {
    const history = await readJournal(world.files, journal);
    const state = emptyState();
    for (const { type, data, path, range } of history.records) {
      const record = readRecord(type, data);
      if (record !== undefined) fold(state, record, recordCite(path, range, type, data));
    }
    const sessions = [...state.sessions.values()].filter(({ agent }) => Object.hasOwn(adapters, agent));
    return {
      sessions: sessions.map((one) => ourSession(world, home, one, state, history, keep)),
      troubles: [],
    };
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    const why = `The orchestrator's record cannot be read: ${thrown.code}.`;
    return { sessions: [], troubles: [{ path: journal, why }] };
  }
}

function ourSession(
  world: RecordWorld,
  home: string,
  session: SessionState,
  state: State,
  history: JournalHistory,
  keep: KeepLimits | undefined,
): OurSession {
  const { id, agent, agentSessionId, cwd } = session;
  return {
    id,
    agent,
    cwd,
    ...(agentSessionId === undefined ? {} : { agentSessionId }),
    read: async () => {
      const read = await readSession(world, `${home}/sessions/${id}`, session, keep);
      return { ...read, sources: [...journalCut(state, session, history), ...read.sources] };
    },
  };
}

async function readSession(
  world: RecordWorld,
  folder: string,
  session: SessionState,
  keep: KeepLimits | undefined,
): Promise<OurEvidence> {
  const attempts = [];
  const spools: SourceCut[] = [];
  for (const attempt of session.attempts) {
    const place = `${folder}/attempts/${attempt.attempt}`;
    const evidence = await attemptOf(world, place, session, attempt);
    attempts.push(evidence);
    spools.push(
      await spoolCut(world.files, place, { session, attempt, isOver: evidence.liveness === "dead" }, keep),
    );
  }
  const latest = session.attempts.at(-1);
  return {
    attempts,
    asked: session.attempts.map(({ attempt, ask, prompt }) => ({ attempt, text: ask, given: prompt })),
    sources: spools,
    decisions: session.decisions,
    bootChanged: latest !== undefined && latest.bootId !== world.processes.self.bootId,
    identities: identitiesOf(session),
  };
}

/** Damage and late writes of the journal, as far as they concern this session. */
function journalCut(
  { sessions }: State,
  session: SessionState,
  { damage, late }: JournalHistory,
): SourceCut[] {
  const writes = late.map(({ path, range, generation, text }): Damage => {
    const detail = `A writer of generation ${generation} wrote behind its seal: ${text.slice(0, 120)}`;
    return { code: "late-write", path, range, detail };
  });
  const all = [...sessions.values()];
  const mine = [...damage, ...writes].filter(({ path }) => {
    const near = all.filter(({ segments }) => segments.has(path));
    return near.length === 0 || near.includes(session);
  });
  const [first] = mine;
  if (first === undefined) return [];
  return [{ source: "J", path: first.path, status: "read", abilities: {}, facts: [], damage: mine }];
}
