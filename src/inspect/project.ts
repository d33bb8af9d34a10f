/**
 * Finds every session of a project, in the project and in home folders, and judges each.
 *
 * Always: one store that cannot be searched, one session that cannot be read, harms no other; it is a trouble, with its
 * path and a sentence. A session that is in our record and in no store is shown as well.
 * Never: anything is written, locked or signalled.
 */
import type { AgentAdapter } from "../agent/contract.ts";
import { adapters } from "../agent/index.ts";
import type { FoundSession, SessionRead, Surroundings } from "../agent/resume-types.ts";
import { type Files, IoError, type RunningProcess } from "../model/ports.ts";
import { judgeSession } from "./session.ts";
import type {
  Home,
  InspectedSession,
  Inspection,
  InspectRequest,
  InspectWorld,
  OurSession,
  Trouble,
} from "./types.ts";

/** One place in which a session was found. */
interface Candidate {
  readonly adapter: AgentAdapter;
  readonly found: FoundSession;
  readonly cwd: string;
  readonly around: Surroundings;
  readonly ours?: OurSession;
}

/** Inspects a project. */
export async function inspectProject(world: InspectWorld, request: InspectRequest): Promise<Inspection> {
  const troubles: Trouble[] = [...(request.ours?.troubles ?? [])];
  const stores = (await candidatesIn(world, request, troubles)).filter(({ found, ours }) =>
    isAsked(request.sessionId, [found.id, ours?.id]),
  );
  const running = await world.processes.list();
  const sessions: InspectedSession[] = [];
  for (const one of stores) {
    const judged = await attempt(() => inspectOne(world, request, one, running), one, troubles);
    if (judged !== undefined) sessions.push(judged);
  }
  return { folder: request.folders[0] ?? "", sessions, troubles };
}

function isAsked(asked: string | undefined, ids: readonly (string | undefined)[]): boolean {
  return asked === undefined || ids.some((id) => id?.startsWith(asked) === true);
}

async function candidatesIn(
  world: InspectWorld,
  { folders, homes, ours, keep }: InspectRequest,
  troubles: Trouble[],
): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  for (const adapter of Object.values(adapters)) {
    for (const home of homes) {
      for (const cwd of folders) {
        const around = aroundOf(world, home, keep);
        for (const one of await locate(world, adapter, cwd, around, troubles)) {
          // One file that two spellings of the project lead to is one session.
          const place = (await world.names.resolve?.(one.path)) ?? one.path;
          const key = `${one.agent} ${one.id} ${place}`;
          if (!found.has(key)) found.set(key, { adapter, found: one, cwd, around });
        }
      }
    }
  }
  const known = (ours?.sessions ?? []).filter(({ cwd }) => folders.includes(cwd));
  const [first = { path: "/", env: {} }] = homes;
  return withOurs([...found.values()], known, aroundOf(world, first, keep));
}

function aroundOf(
  { databases }: InspectWorld,
  { path, env }: Home,
  keep: InspectRequest["keep"],
): Surroundings {
  return {
    home: path,
    env,
    ...(databases === undefined ? {} : { databases }),
    ...(keep === undefined ? {} : { keep }),
  };
}

/** Gives each session of ours to its newest file in a store; one that has none stands for itself. */
function withOurs(
  stores: readonly Candidate[],
  known: readonly OurSession[],
  around: Surroundings,
): Candidate[] {
  const all: Candidate[] = [...stores];
  for (const ours of known) {
    const adapter = Object.hasOwn(adapters, ours.agent) ? adapters[ours.agent] : undefined;
    if (adapter === undefined) continue;
    const at = all.findLastIndex(
      ({ found }) => found.agent === ours.agent && found.id === ours.agentSessionId,
    );
    const candidate = all[at];
    if (candidate !== undefined) all[at] = { ...candidate, ours };
    else {
      const id = ours.agentSessionId ?? ours.id;
      const paths = adapter.storePaths(ours.cwd, id, around);
      const found = { agent: ours.agent, id, path: paths.log ?? paths.snapshot ?? "" };
      all.push({ adapter, found, cwd: ours.cwd, around, ours });
    }
  }
  return all;
}

async function locate(
  { files }: InspectWorld,
  adapter: AgentAdapter,
  cwd: string,
  around: Surroundings,
  troubles: Trouble[],
): Promise<readonly FoundSession[]> {
  const agent = adapter.kind;
  const onTrouble = (path: string, why: string) => {
    if (!troubles.some((one) => one.path === path)) troubles.push({ agent, path, why });
  };
  const noted = noting(files, (error) => onTrouble(error.path, `It cannot be read: ${error.code}.`));
  const at = { adapter, found: { agent, id: "", path: cwd } };
  return (
    (await attempt(async () => adapter.store?.locate(noted, cwd, { ...around, onTrouble }), at, troubles)) ??
    []
  );
}

/** What an adapter passes over because it cannot be read is noted here. */
function noting(files: Files, onError: (error: IoError) => void): Files {
  const note = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      if (thrown instanceof IoError) onError(thrown);
      throw thrown;
    }
  };
  return {
    ...files,
    list: (path) => note(files.list(path)),
    openRead: (path) => note(files.openRead(path)),
  };
}

async function attempt<T>(
  work: () => Promise<T>,
  { adapter, found }: Pick<Candidate, "adapter" | "found">,
  troubles: Trouble[],
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    // A reader that throws is a defect of ours; it must not hide the other sessions.
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    troubles.push({ agent: adapter.kind, path: found.path, why: `It could not be inspected: ${why}.` });
    return undefined;
  }
}

async function inspectOne(
  world: InspectWorld,
  { folders }: InspectRequest,
  { adapter, found, cwd, around, ours }: Candidate,
  running: readonly RunningProcess[],
): Promise<InspectedSession> {
  const record = await ours?.read();
  const asked = record === undefined ? around : { ...around, ...wholeHistory(around) };
  const read = await readStore(world.files, adapter, found, cwd, asked);
  return judgeSession(world, {
    adapter,
    found,
    cwd: ours?.cwd ?? cwd,
    folders,
    read,
    running,
    ...(ours === undefined ? {} : { ourId: ours.id }),
    ...(record === undefined ? {} : { ours: record }),
  });
}

/** Our record of a session is laid beside its log call by call: then nothing of either is left out. */
function wholeHistory({ keep }: Surroundings): Pick<Surroundings, "keep"> {
  return keep === undefined ? {} : { keep: { ...keep, bytesMax: Number.POSITIVE_INFINITY } };
}

/** A session that only our record has may have no file of its own yet. */
async function readStore(
  files: Files,
  adapter: AgentAdapter,
  found: FoundSession,
  cwd: string,
  around: Surroundings,
): Promise<SessionRead> {
  const isFile = found.path !== "" && adapter.store !== undefined;
  if (isFile && adapter.store !== undefined) return adapter.store.read(files, found, around);
  if (!adapter.isSessionId(found.id)) return { sources: [], sent: [], versions: [] };
  return { sources: await adapter.readStore(files, cwd, found.id, around), sent: [], versions: [] };
}
