/**
 * Where Ada keeps a session, and both of its files read once.
 *
 * Always: no path is made of anything but a UUID.
 */
import type { Abilities, SourceCut } from "../../model/evidence.ts";
import type { Damage } from "../../model/fact.ts";
import type { Files } from "../../model/ports.ts";
import { ClockWatch, oddIn } from "../clock-watch.ts";
import type { StorePaths } from "../contract.ts";
import { FactKeeper } from "../keep.ts";
import { readFile } from "../read-file.ts";
import { scanLines } from "../resume-lines.ts";
import type { KeepLimits, SessionRead, Surroundings } from "../resume-types.ts";
import { isEvent, RecordReader } from "./log.ts";
import { readSnapshot } from "./snapshot.ts";

/**
 * What each source of Ada is able to say. It never syncs. The log has a call before its effect and a result before
 * the model sees it; the snapshot is written when the session is created and when a turn has ended.
 */
export const adaAbilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities } = {
  O: {
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  L: {
    prompt: { order: "write-ahead", synced: false },
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-ahead", synced: false },
  },
  S: {
    prompt: { order: "write-behind", synced: false },
    call: { order: "write-behind", synced: false },
    result: { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Ada's sessions are UUIDs. */
export function isSessionId(text: string): boolean {
  return uuid.test(text);
}

/** The session's two files; none for what is no session id. */
export function storePaths(cwd: string, agentSessionId: string): StorePaths {
  if (!isSessionId(agentSessionId)) return {};
  const folder = `${cwd.endsWith("/") ? cwd.slice(0, -1) : cwd}/.coding-agent`;
  return {
    log: `${folder}/events/${agentSessionId}.jsonl`,
    snapshot: `${folder}/sessions/${agentSessionId}.json`,
  };
}

/** Log and snapshot, each read once. */
export async function readStore(
  files: Files,
  cwd: string,
  agentSessionId: string,
  around?: Surroundings,
): Promise<readonly SourceCut[]> {
  return (await readBoth(files, cwd, agentSessionId, around?.keep)).sources;
}

/** As {@link readStore}, with what was left out of a long log. */
export async function readBoth(
  files: Files,
  cwd: string,
  agentSessionId: string,
  keep: KeepLimits | undefined,
): Promise<Pick<SessionRead, "sources" | "leftOut">> {
  const { log, snapshot } = storePaths(cwd, agentSessionId);
  if (log === undefined || snapshot === undefined) return { sources: [missing("L"), missing("S")] };
  // The snapshot first: read after the log, it could be newer than what was read of the log.
  const saved = await snapshotCut(files, snapshot);
  const kept = new FactKeeper(keep, saved.facts);
  const logged = await logCut(files, log, agentSessionId, kept);
  const { leftOut } = kept;
  const shown = keep === undefined ? saved : { ...saved, facts: kept.comparable() };
  return { sources: [logged, shown], ...(leftOut === undefined ? {} : { leftOut }) };
}

async function logCut(
  files: Files,
  path: string,
  agentSessionId: string,
  kept: FactKeeper,
): Promise<SourceCut> {
  const reader = new RecordReader(path, agentSessionId);
  const clock = new ClockWatch(path);
  const scan = await scanLines(files, path, isEvent, (record) => {
    clock.take(record.value.timestamp, record.range);
    kept.add(reader.read(record));
  });
  if (scan.status === "missing") return { ...missing("L"), path };
  if (scan.status === "unreadable") return unreadable("L", path, "log-unreadable", scan.why, 0);
  const { damage } = scan;
  return {
    source: "L",
    path,
    status: "read",
    abilities: adaAbilities.L,
    facts: reader.withAnnounced(kept.facts),
    damage,
    ...oddIn(clock.oddities),
  };
}

async function snapshotCut(files: Files, path: string): Promise<SourceCut> {
  const read = await readFile(files, path);
  if (read.status === "missing") return { ...missing("S"), path };
  if (read.status === "unreadable") return unreadable("S", path, "snapshot-unreadable", read.why, 0);
  const result = readSnapshot(read.bytes, path);
  if (!result.ok) return unreadable("S", path, "snapshot-unreadable", result.why, read.bytes.length);
  const { session, messages } = result.snapshot;
  const facts = [
    ...(session === undefined ? [] : [session]),
    ...messages.flatMap((message) => message.facts),
  ];
  return { source: "S", path, status: "read", abilities: adaAbilities.S, facts, damage: [] };
}

function missing(source: "L" | "S"): SourceCut {
  return { source, status: "missing", abilities: adaAbilities[source], facts: [], damage: [] };
}

function unreadable(
  source: "L" | "S",
  path: string,
  code: Damage["code"],
  detail: string,
  toByte: number,
): SourceCut {
  const damage = [{ code, path, range: { fromByte: 0, toByte }, detail }];
  return { source, path, status: "unreadable", abilities: adaAbilities[source], facts: [], damage };
}
