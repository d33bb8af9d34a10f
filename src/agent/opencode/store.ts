/**
 * opencode's database, `$XDG_DATA_HOME/opencode/opencode.db`, read at one committed state.
 *
 * Messages and parts are written as they happen, a call before it runs and its result before the model gets it; they
 * are at once what was recorded and what a resume reads. So they are the log (L), and there is no snapshot.
 * Always: a fact names table and row; its range counts rows.
 */
import { citeValue } from "../../model/cite.ts";
import type { Abilities, SourceCut } from "../../model/evidence.ts";
import type { Damage, Fact, FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { type Database, type Files, IoError } from "../../model/ports.ts";
import type { StorePaths } from "../contract.ts";
import { decodeRecord, optional, reasonOf, textOr } from "../resume-decode.ts";
import { folderOf, withoutSlash } from "../resume-find.ts";
import { factsOf, missingLog } from "../resume-log.ts";
import type { FoundSession, SessionRead, Surroundings } from "../resume-types.ts";
import { readImage } from "./image.ts";
import { isOlder, olderSessions, olderWhy } from "./older.ts";
import { partBodies } from "./part.ts";
import { type MessageRow, type SessionRows, sessionRows, sessionsOf } from "./rows.ts";
import { sentOnResume } from "./sent.ts";

export const opencodeAbilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities } = {
  O: {
    call: { order: "write-behind", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  L: {
    prompt: { order: "write-ahead", synced: false },
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  S: {},
};

const sessionId = /^ses_[0-9A-Za-z]{8,64}$/;

export function isSessionId(text: string): boolean {
  return sessionId.test(text);
}

function databasePath({ home, env }: Surroundings): string {
  return `${folderOf(env.XDG_DATA_HOME, `${withoutSlash(home)}/.local/share`)}/opencode/opencode.db`;
}

/** One database holds all sessions. */
export function storePaths(_cwd: string, agentSessionId: string, around?: Surroundings): StorePaths {
  return around === undefined || !isSessionId(agentSessionId) ? {} : { log: databasePath(around) };
}

/** See {@link AgentStore}. */
export async function locate(files: Files, cwd: string, around: Surroundings): Promise<FoundSession[]> {
  const path = databasePath(around);
  const opened = await openAt(files, path, around);
  if (opened.status === "unreadable") around.onTrouble?.(path, opened.why);
  const older = await olderSessions(files, path, withoutSlash(cwd));
  if (opened.status !== "open") return older;
  try {
    const ids = sessionsOf(opened.database, withoutSlash(cwd)).filter(isSessionId);
    const moved = new Set(ids);
    return [
      ...ids.map((id) => ({ agent: "opencode", id, path })),
      ...older.filter(({ id }) => !moved.has(id)),
    ];
  } finally {
    opened.database.close();
  }
}

/** The session as a cut. */
export async function readStore(
  files: Files,
  cwd: string,
  agentSessionId: string,
  around?: Surroundings,
): Promise<readonly SourceCut[]> {
  const { log: path } = storePaths(cwd, agentSessionId, around);
  if (path === undefined || around === undefined) return [missingLog(opencodeAbilities.L)];
  return (await read(files, { agent: "opencode", id: agentSessionId, path }, around)).sources;
}

/** See {@link AgentStore}. */
export async function read(
  files: Files,
  { id, path }: FoundSession,
  around: Surroundings,
): Promise<SessionRead> {
  if (isOlder(path)) return empty(unreadableAt(path, olderWhy));
  const opened = await openAt(files, path, around);
  if (opened.status === "missing") return empty({ ...missingLog(opencodeAbilities.L), path });
  if (opened.status === "unreadable") return empty(unreadableAt(path, opened.why));
  try {
    return readRows(sessionRows(opened.database, id, path), path);
  } finally {
    opened.database.close();
  }
}

type Opened =
  | { readonly status: "open"; readonly database: Database }
  | { readonly status: "missing" }
  | { readonly status: "unreadable"; readonly why: string };

async function openAt(files: Files, path: string, { databases }: Surroundings): Promise<Opened> {
  const read = await readImage(files, path);
  if (read.status !== "read") return read;
  if (databases === undefined) return { status: "unreadable", why: "There is no reader for databases here" };
  try {
    return { status: "open", database: await databases.open(read.image) };
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return { status: "unreadable", why: "The file is no SQLite database, or its first pages are damaged" };
  }
}

function unreadableAt(path: string, detail: string): SourceCut {
  const damage: Damage = { code: "log-unreadable", path, range: { fromByte: 0, toByte: 0 }, detail };
  return { ...missingLog(opencodeAbilities.L), path, status: "unreadable", damage: [damage] };
}

function empty(cut: SourceCut): SessionRead {
  return { sources: [cut], sent: sentOnResume([]), versions: [] };
}

function readRows({ session, messages, damage }: SessionRows, path: string): SessionRead {
  const named: Fact[] =
    session === undefined
      ? []
      : factsOf(path, { fromByte: 0, toByte: 0 }, [
          {
            kind: "session",
            agentSessionId: citeValue(String(session.id)),
            ...optional("version", session.version),
          },
        ]);
  const facts = [...named, ...messages.flatMap((message) => messageFacts(message, path))];
  return {
    sources: [{ source: "L", path, status: "read", abilities: opencodeAbilities.L, facts, damage }],
    sent: sentOnResume(messages),
    versions: typeof session?.version === "string" ? [citeValue(session.version)] : [],
  };
}

function messageFacts(message: MessageRow, path: string): Fact[] {
  const { data, rows } = message;
  if (data.role === "user") return promptOf(message, path);
  const facts = rows.flatMap(({ part, range, row }) => {
    const bodies = decodeRecord(`part ${textOr(part.type, "")}`, () => partBodies(part));
    return factsOf(path, range, bodies).map((fact) => ({ ...fact, row }));
  });
  const last = rows.at(-1);
  const range = last?.range ?? { fromByte: 0, toByte: 0 };
  const end = factsOf(path, range, errorOf(data)).map((fact) => ({ ...fact, k: 1, row: message.row }));
  return [...facts, ...end];
}

/** The person's words stand in parts; opencode adds parts of its own beside them. */
function promptOf({ rows }: MessageRow, path: string): Fact[] {
  const said = rows.filter(
    ({ part }) => part.type === "text" && part.synthetic !== true && part.ignored !== true,
  );
  const [first] = said;
  if (first === undefined) return [];
  const text = unquoted(said.map(({ part }) => textOr(part.text, "")).join("\n"));
  return factsOf(path, first.range, [{ kind: "prompt", text }]).map((fact) => ({ ...fact, row: first.row }));
}

/** `opencode run` puts an argument with blanks in quotes before it stores it: what was asked is what stands between them. */
function unquoted(text: string): string {
  const isQuoted = text.length > 2 && text.startsWith('"') && text.endsWith('"') && text.includes(" ");
  return isQuoted ? text.slice(1, -1).replaceAll('\\"', '"') : text;
}

function errorOf({ error }: Readonly<Record<string, unknown>>): FactBody[] {
  if (!isRecord(error)) return [];
  const outcome = error.name === "MessageAbortedError" ? "cancelled" : "failed";
  return [{ kind: "turn-end", outcome, ...reasonOf(error.name) }];
}
