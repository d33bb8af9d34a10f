/**
 * Where Codex keeps a session, `$CODEX_HOME/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`, and the file read once.
 *
 * Calls come to the rollout before they run and results before the model gets them; nothing is synced. A turn that
 * was killed has a start and no end.
 * Always: an ordinal that is left out or comes twice is reported.
 */
import { citeValue } from "../../model/cite.ts";
import type { Abilities, SourceCut } from "../../model/evidence.ts";
import type { Damage, FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import type { Files } from "../../model/ports.ts";
import { keeperOf, leftOutOf } from "../keep.ts";
import type { LineRecord } from "../lines.ts";
import { decodeRecord, parse, textOr } from "../resume-decode.ts";
import { firstLine, folderOf, isUuid, namesIn, withoutSlash } from "../resume-find.ts";
import { DamageList } from "../resume-lines.ts";
import { missingLog, type RecordValue, readLogCut } from "../resume-log.ts";
import type { FoundSession, SessionRead, Surroundings } from "../resume-types.ts";
import { SentLines } from "../sent-lines.ts";
import { historyOf, rolloutBodies, sessionOf } from "./rollout.ts";
import { sendOf, sentOf } from "./sent.ts";

export const codexAbilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities } = {
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
  S: {},
};

const rolloutName =
  /^rollout-.*-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl(?:\.zst)?$/i;
const packedEnding = ".zst";
const dateFolder = /^\d{1,4}$/;

/** See {@link AgentStore}. A rollout says in its first line of which project it is. */
export async function locate(files: Files, cwd: string, around: Surroundings): Promise<FoundSession[]> {
  const found: FoundSession[] = [];
  for (const one of await rollouts(files, around)) {
    const head = parse((await firstLine(files, one.path)) ?? "");
    const meta = isRecord(head) && isRecord(head.payload) ? head.payload : {};
    if (typeof meta.cwd === "string" && withoutSlash(meta.cwd) === withoutSlash(cwd)) found.push(one);
  }
  return found;
}

/** All rollouts, whatever their project. */
async function rollouts(files: Files, around: Surroundings): Promise<FoundSession[]> {
  const { home, env } = around;
  const root = folderOf(env.CODEX_HOME, `${withoutSlash(home)}/.codex`);
  let folders = [`${root}/sessions`];
  for (let depth = 0; depth < 3; depth += 1) {
    const inside = folders.map(async (folder) => {
      const names = await namesIn(files, folder);
      return names.filter((name) => dateFolder.test(name)).map((name) => `${folder}/${name}`);
    });
    folders = (await Promise.all(inside)).flat();
  }
  const found: FoundSession[] = [];
  const packed: FoundSession[] = [];
  for (const folder of [...folders, `${root}/archived_sessions`]) {
    for (const name of await namesIn(files, folder)) {
      const id = rolloutName.exec(name)?.[1];
      if (id === undefined) continue;
      (name.endsWith(packedEnding) ? packed : found).push({ agent: "codex", id, path: `${folder}/${name}` });
    }
  }
  nameUnread(
    packed.filter(({ id }) => !found.some((one) => one.id === id)),
    around,
  );
  return found;
}

/** Of a compressed rollout not even the project is known: Node 20 cannot unpack it. */
function nameUnread(packed: readonly FoundSession[], { onTrouble }: Surroundings): void {
  const [first, ...more] = packed;
  if (first === undefined) return;
  const others = more.length === 0 ? "" : ` and ${more.length} more beside it`;
  const why = `The rollout is compressed${others}, and of which project it is cannot be told; unpack it with "zstd -d" to have it read`;
  onTrouble?.(first.path, why);
}

/** The rollout of one session as a cut; it is looked for by its id, since its path has a time in it. */
export async function readStore(
  files: Files,
  _cwd: string,
  agentSessionId: string,
  around?: Surroundings,
): Promise<readonly SourceCut[]> {
  if (around === undefined || !isUuid(agentSessionId)) return [missingLog(codexAbilities.L)];
  const all = await rollouts(files, around);
  const found = all.findLast(({ id }) => id.toLowerCase() === agentSessionId.toLowerCase());
  return found === undefined ? [missingLog(codexAbilities.L)] : (await read(files, found)).sources;
}

/** See {@link AgentStore}. */
export async function read(
  files: Files,
  { path }: FoundSession,
  around: Partial<Surroundings> = {},
): Promise<SessionRead> {
  const reader = new Reader(path);
  const keeper = keeperOf(around, (fact) => reader.said.forget(fact));
  const cut = await readLogCut(
    files,
    path,
    codexAbilities.L,
    isLine,
    (record) => reader.take(record),
    keeper,
  );
  return {
    sources: [{ ...cut, damage: [...cut.damage, ...reader.damage.list] }],
    sent: sentOf(reader.said.lines.flatMap(({ sends }) => sends)),
    versions: reader.versions,
    ...leftOutOf(keeper),
  };
}

function isLine({ type, payload }: RecordValue): boolean {
  return typeof type === "string" && isRecord(payload);
}

class Reader {
  readonly said = new SentLines();
  readonly versions: string[] = [];
  readonly damage = new DamageList();
  readonly #path: string;
  /** Where the person's words stand; those that were taken back are gone. */
  readonly #prompts: number[] = [];
  #ordinal: number | undefined;
  #isNamed = false;

  constructor(path: string) {
    this.#path = path;
  }

  take({ value, range }: LineRecord): readonly FactBody[] {
    const type = textOr(value.type, "");
    const payload = isRecord(value.payload) ? value.payload : {};
    this.#count(value.ordinal, range);
    const { replaces, items } = historyOf(type, payload);
    if (replaces) this.said.clear();
    this.said.add(range, 0, items.map(sendOf));
    if (type === "session_meta") return this.#session(payload);
    if (type === "event_msg" && payload.type === "thread_rolled_back") this.#takeBack(payload.num_turns);
    const bodies = decodeRecord(type, () => rolloutBodies(type, payload));
    if (bodies.some(({ kind }) => kind === "prompt")) this.#prompts.push(range.fromByte);
    return bodies;
  }

  /** A person took the last turns back: a resume does not send them, though what was done there was done. */
  #takeBack(turns: unknown): void {
    const count = typeof turns === "number" && turns > 0 ? Math.min(turns, this.#prompts.length) : 0;
    const [first] = count === 0 ? [] : this.#prompts.splice(-count);
    if (first !== undefined) this.said.dropFrom(first);
  }

  /** A thread that was forked holds the head of the other behind its own. */
  #session(payload: RecordValue): FactBody[] {
    const { cli_version: version } = payload;
    if (typeof version === "string" && this.versions.at(-1) !== version)
      this.versions.push(citeValue(version));
    if (this.#isNamed) return [];
    this.#isNamed = true;
    return [sessionOf(payload)];
  }

  #count(ordinal: unknown, range: Damage["range"]): void {
    if (typeof ordinal !== "number") return;
    const expected = this.#ordinal === undefined ? ordinal : this.#ordinal + 1;
    const at = { path: this.#path, range };
    if (ordinal > expected) {
      const detail = `Ordinal ${ordinal} follows ${expected - 1}`;
      this.damage.add({ code: "seq-gap", ...at, detail });
    }
    if (ordinal < expected) {
      const isSame = ordinal === expected - 1;
      const detail = `Ordinal ${ordinal} ${isSame ? "comes again" : `stands behind ${expected - 1}`}`;
      this.damage.add({ code: isSame ? "seq-repeat" : "seq-regression", ...at, detail });
    }
    this.#ordinal = Math.max(ordinal, this.#ordinal ?? ordinal);
  }
}
