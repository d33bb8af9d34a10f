/**
 * Where pi keeps a session, `~/.pi/agent/sessions/--<project>--/<time>_<id>.jsonl`, and the file read once.
 *
 * Nothing is written before the first answer of the model; from then on a call stands there before it runs and its
 * result before the model gets it. Nothing is synced.
 * Always: a parent that is not there is reported: pi takes it for the root and forgets what stands before.
 */
import { citeValue } from "../../model/cite.ts";
import type { Abilities, SourceCut } from "../../model/evidence.ts";
import type { Damage, FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import type { Files } from "../../model/ports.ts";
import { oddIn } from "../clock-watch.ts";
import { keeperOf, leftOutOf } from "../keep.ts";
import type { LineRecord } from "../lines.ts";
import { decodeRecord, textOr, unknownType } from "../resume-decode.ts";
import { folderOf, isUuid, namesIn, withoutSlash } from "../resume-find.ts";
import { DamageList } from "../resume-lines.ts";
import { missingLog, type RecordValue, readLogCut } from "../resume-log.ts";
import type { FoundSession, SessionRead, Surroundings } from "../resume-types.ts";
import { messageBodies } from "./message.ts";
import { type Entry, entryOf, History } from "./sent.ts";

export const piAbilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities } = {
  O: {
    prompt: { order: "write-ahead", synced: false },
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  L: {
    prompt: { order: "write-behind", synced: false },
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  S: {},
};

/** Newest version of the format that this reader was written for. */
const formatVersion = 3;
const silent = new Set([
  "model_change",
  "thinking_level_change",
  "compaction",
  "branch_summary",
  "custom",
  "custom_message",
  "label",
  "session_info",
]);
const fileName = /_([0-9a-f-]{36})\.jsonl$/i;

function projectFolder(cwd: string, { home, env }: Surroundings): string {
  const root = folderOf(env.PI_CODING_AGENT_DIR, `${withoutSlash(home)}/.pi/agent`);
  return `${root}/sessions/--${withoutSlash(cwd)
    .replace(/^\//, "")
    .replace(/[/\\:]/g, "-")}--`;
}

/** See {@link AgentStore}. */
export async function locate(files: Files, cwd: string, around: Surroundings): Promise<FoundSession[]> {
  const folder = projectFolder(cwd, around);
  return (await namesIn(files, folder)).flatMap((name) => {
    const id = fileName.exec(name)?.[1] ?? "";
    return isUuid(id) ? [{ agent: "pi", id, path: `${folder}/${name}` }] : [];
  });
}

/** The log of one session as a cut; it is looked for by its id, since its path has a time in it. */
export async function readStore(
  files: Files,
  cwd: string,
  agentSessionId: string,
  around?: Surroundings,
): Promise<readonly SourceCut[]> {
  if (around === undefined || !isUuid(agentSessionId)) return [missingLog(piAbilities.L)];
  const found = (await locate(files, cwd, around)).findLast(({ id }) => id === agentSessionId);
  return found === undefined ? [missingLog(piAbilities.L)] : (await read(files, found)).sources;
}

/** See {@link AgentStore}. */
export async function read(
  files: Files,
  { path }: FoundSession,
  around: Partial<Surroundings> = {},
): Promise<SessionRead> {
  const reader = new Reader(path);
  const keeper = keeperOf(around, (fact) => reader.history.forget(fact));
  const cut = await readLogCut(files, path, piAbilities.L, isLine, (record) => reader.take(record), keeper);
  const odd = oddIn([...(cut.oddities ?? []), ...reader.history.forks(path)]);
  return {
    sources: [{ ...cut, damage: [...cut.damage, ...reader.damage.list], ...odd }],
    sent: reader.history.sent(),
    versions: [],
    ...leftOutOf(keeper),
  };
}

class Reader {
  readonly history = new History();
  readonly damage = new DamageList();
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  take({ value, range }: LineRecord): readonly FactBody[] {
    const type = textOr(value.type, "");
    if (type === "session") return sessionBodies(value);
    const entry = entryOf(value);
    if (entry !== undefined) this.#link(entry, range);
    return decodeRecord(type, () => bodiesOf(type, value));
  }

  #link(entry: Entry, range: Damage["range"]): void {
    const { isRepeated, isOrphan } = this.history.add(entry, range);
    const at = { path: this.#path, range };
    if (isRepeated) {
      this.damage.add({ code: "seq-repeat", ...at, detail: `There are two entries ${citeValue(entry.id)}` });
    }
    if (isOrphan) {
      const detail = `The entry's parent ${citeValue(entry.parentId ?? "")} does not stand before it`;
      this.damage.add({ code: "chain-break", ...at, detail });
    }
  }
}

function isLine({ type, id }: RecordValue): boolean {
  return typeof type === "string" && typeof id === "string";
}

function sessionBodies({ id, version }: RecordValue): FactBody[] {
  const body: FactBody = { kind: "session", agentSessionId: citeValue(textOr(id, "")) };
  const isKnown = version === undefined || (typeof version === "number" && version <= formatVersion);
  return isKnown ? [body] : [body, unknownType(`session of format version ${String(version)}`)];
}

function bodiesOf(type: string, { message }: RecordValue): readonly FactBody[] | undefined {
  if (type === "message") return messageBodies(isRecord(message) ? message : {});
  return silent.has(type) ? [] : undefined;
}
