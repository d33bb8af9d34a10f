/**
 * Where Claude Code keeps a session, `~/.claude/projects/<project>/<session>.jsonl`, and the file read once.
 *
 * The file is written behind: a result comes to it with the next answer of the model, so its absence proves nothing.
 * A turn's end has no record of its own; an answer with the stop reason `end_turn` is one.
 * Always: a line keeps its bytes; line types that are not known are named.
 */
import { citeValue } from "../../model/cite.ts";
import type { Abilities, SourceCut } from "../../model/evidence.ts";
import type { Damage, FactBody, Oddity } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import type { Files } from "../../model/ports.ts";
import { oddIn } from "../clock-watch.ts";
import type { StorePaths } from "../contract.ts";
import { keeperOf, leftOutOf } from "../keep.ts";
import type { LineRecord } from "../lines.ts";
import { decodeRecord, textOr, unknownType } from "../resume-decode.ts";
import { folderOf, isUuid, namesIn, withoutSlash } from "../resume-find.ts";
import { DamageList } from "../resume-lines.ts";
import { missingLog, type RecordValue, readLogCut } from "../resume-log.ts";
import type { FoundSession, SessionRead, Surroundings } from "../resume-types.ts";
import { assistantBodies, sessionBody, userBodies } from "./message.ts";
import { type ChainLine, History, sendsOf } from "./sent.ts";

export const claudeCodeAbilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities } = {
  O: {
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  L: {
    prompt: { order: "write-ahead", synced: false },
    call: { order: "write-behind", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  S: {},
};

/** Lines without a place in the conversation, by type; from 2.1.330 on there are more of them. */
const silent = new Set([
  "queue-operation",
  "last-prompt",
  "summary",
  "file-history-snapshot",
  "custom-title",
  "ai-title",
  "agent-name",
  "agent-setting",
  "tag",
  "mode",
  "permission-mode",
  "attachment",
  "progress",
  "pr-link",
  "worktree-state",
  "content-replacement",
  "atis-latch",
  "api-request",
  "api-request-shape",
  "api-request-blob",
  "tools-used",
  "cost-state",
]);
const silentSystem = new Set([
  "stop_hook_summary",
  "local_command",
  "turn_duration",
  "compact_boundary",
  "microcompact_boundary",
  "informational",
  "away_summary",
  "api_error",
]);

/** Folder of a project's sessions. */
function projectFolder(cwd: string, { home, env }: Surroundings): string {
  const root = folderOf(env.CLAUDE_CONFIG_DIR, `${withoutSlash(home)}/.claude`);
  return `${root}/projects/${withoutSlash(cwd).replace(/[^A-Za-z0-9]/g, "-")}`;
}

/** The session's file; none for what is no session id, or without a home folder. */
export function storePaths(cwd: string, agentSessionId: string, around?: Surroundings): StorePaths {
  if (around === undefined || !isUuid(agentSessionId)) return {};
  return { log: `${projectFolder(cwd, around)}/${agentSessionId}.jsonl` };
}

/** See {@link AgentStore}. */
export async function locate(files: Files, cwd: string, around: Surroundings): Promise<FoundSession[]> {
  const folder = projectFolder(cwd, around);
  return (await namesIn(files, folder)).flatMap((name) => {
    const id = name.endsWith(".jsonl") ? name.slice(0, -".jsonl".length) : "";
    return isUuid(id) ? [{ agent: "claude-code", id, path: `${folder}/${name}` }] : [];
  });
}

/** The log of one session as a cut. */
export async function readStore(
  files: Files,
  cwd: string,
  agentSessionId: string,
  around?: Surroundings,
): Promise<readonly SourceCut[]> {
  const { log: path } = storePaths(cwd, agentSessionId, around);
  if (path === undefined) return [missingLog(claudeCodeAbilities.L)];
  return (await read(files, { agent: "claude-code", id: agentSessionId, path })).sources;
}

/** See {@link AgentStore}. */
export async function read(
  files: Files,
  { id, path }: FoundSession,
  around: Partial<Surroundings> = {},
): Promise<SessionRead> {
  const reader = new Reader(id, path);
  const keeper = keeperOf(around, (fact) => reader.history.forget(fact));
  const cut = await readLogCut(
    files,
    path,
    claudeCodeAbilities.L,
    isLine,
    (record) => reader.take(record),
    keeper,
  );
  const odd = [...(cut.oddities ?? []), ...reader.history.forks(path), ...(await subAgentsOf(files, path))];
  return {
    sources: [{ ...cut, damage: [...cut.damage, ...reader.damage.list], ...oddIn(odd) }],
    sent: reader.history.sent(reader.versions.at(-1)),
    versions: reader.versions,
    ...leftOutOf(keeper),
  };
}

/** Logs of sub-agents stand in a folder beside the session's file. Their calls have effects, and are not read yet. */
async function subAgentsOf(files: Files, path: string): Promise<Oddity[]> {
  const folder = `${path.slice(0, -".jsonl".length)}/subagents`;
  const names = (await namesIn(files, folder)).filter((name) => name.endsWith(".jsonl"));
  if (names.length === 0) return [];
  const what =
    names.length === 1 ? "The log of a sub-agent is" : `The logs of ${names.length} sub-agents are`;
  const detail = `${what} not read: calls that were made there are not listed`;
  return [{ code: "not-read", path: folder, range: { fromByte: 0, toByte: 0 }, detail }];
}

function isLine({ type }: RecordValue): boolean {
  return typeof type === "string";
}

class Reader {
  readonly history = new History();
  /** A parent that is not there yet: what stands before it is not sent on resume. */
  readonly damage = new DamageList();
  readonly versions: string[] = [];
  readonly #named = new Set<string>();
  readonly #asked: string;
  readonly #path: string;

  constructor(asked: string, path: string) {
    this.#asked = asked;
    this.#path = path;
  }

  take({ value, range }: LineRecord): readonly FactBody[] {
    const type = textOr(value.type, "");
    const session = this.#session(value);
    if (typeof value.uuid === "string") this.#link(chainLine(type, value.uuid, value), range);
    const bodies = decodeRecord(type, () => bodiesOf(type, value));
    return session.length === 0 ? bodies : [...session, ...bodies];
  }

  #link(line: ChainLine, range: Damage["range"]): void {
    const { isRepeated, isOrphan } = this.history.add(line, range);
    const at = { path: this.#path, range };
    if (isRepeated) {
      this.damage.add({ code: "seq-repeat", ...at, detail: `There are two lines ${citeValue(line.uuid)}` });
    }
    if (isOrphan) {
      const detail = `The line's parent ${citeValue(line.parentUuid ?? "")} does not stand before it`;
      this.damage.add({ code: "chain-break", ...at, detail });
    }
  }

  /** Named once for each id and each version: the first tells the session, every other is news. */
  #session({ sessionId, version, message }: RecordValue): readonly FactBody[] {
    if (typeof sessionId !== "string") return nothing;
    const written = textOr(version, "");
    if (written !== "" && this.versions.at(-1) !== written) this.versions.push(citeValue(written));
    const key = sessionId === this.#asked ? written : `${sessionId} other`;
    if ((key === "" && sessionId === this.#asked) || this.#named.has(key)) return nothing;
    this.#named.add(key);
    const model = isRecord(message) ? message.model : undefined;
    return [sessionBody(citeValue(sessionId), version, model)];
  }
}

/** One empty list for all lines: there are many of them. */
const nothing: readonly FactBody[] = [];

function chainLine(type: string, uuid: string, value: RecordValue): ChainLine {
  const message = isRecord(value.message) ? value.message : {};
  const role = type === "user" || type === "assistant" ? type : "other";
  return {
    uuid,
    parentUuid: typeof value.parentUuid === "string" ? value.parentUuid : undefined,
    role,
    messageId: typeof message.id === "string" ? message.id : undefined,
    isSide: value.isSidechain === true,
    sends: role === "other" ? [] : sendsOf(role, message),
  };
}

function bodiesOf(type: string, value: RecordValue): readonly FactBody[] | undefined {
  if (silent.has(type)) return [];
  const message = isRecord(value.message) ? value.message : {};
  const isSide = value.isSidechain === true;
  if (type === "assistant") {
    const bodies = assistantBodies(message, isSide);
    if (isSide) return bodies;
    if (value.isApiErrorMessage === true) {
      return [...bodies, { kind: "turn-end", outcome: "failed", reason: "api error" }];
    }
    const end = endOf(message);
    return end.length === 0 ? bodies : [...bodies, ...end];
  }
  if (type === "user") {
    // Texts that Claude Code put in by itself open no turn.
    const isOwn = value.isMeta === true || value.isCompactSummary === true;
    return userBodies(message, isSide || isOwn);
  }
  if (type !== "system") return undefined;
  const subtype = textOr(value.subtype, "");
  return silentSystem.has(subtype) ? [] : [unknownType(`system ${subtype}`)];
}

/** Answers that Claude Code made itself, on a resume for instance, end no turn. */
function endOf({ stop_reason: reason, model }: RecordValue): FactBody[] {
  if (model === "<synthetic>") return [];
  if (
    reason === "end_turn" ||
    reason === "stop_sequence" ||
    reason === "max_tokens" ||
    reason === "refusal"
  ) {
    return [{ kind: "turn-end", outcome: "completed", reason }];
  }
  return [];
}
