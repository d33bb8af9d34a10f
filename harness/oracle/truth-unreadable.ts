/**
 * Truth of the class unreadable: a file of the session holds bytes that are no record, or lost bytes that it had.
 *
 * Always: for formats the oracle reads (the agent's log, snapshot and stdout) by its own readers; for the
 * subject's own files by the damage that was done to them.
 */
import type { CutFile, DiskCut } from "../history.ts";
import { attemptsOf, type DamageEntry, damageSession, type Facts } from "./facts.ts";
import { bytesOf, linesOf } from "./lines.ts";
import { readSnapshot } from "./readers.ts";
import { wasShown } from "./received.ts";
import { filesOf, type SessionAt, storeIdOf } from "./session-at.ts";
import { no, strongest, type Truth } from "./truth-value.ts";

const agentRoles = ["agent-log", "agent-snapshot", "spool"] as const;

/** `round`: that of the observation; damage of an earlier round may have been repaired meanwhile. */
export function unreadable(facts: Facts, at: SessionAt, round: number): Truth {
  const truths = agentRoles.flatMap((role) =>
    filesOf(at.cut, at.session, role).map((file) => ofFindable(at, file, ofFile(facts, at, file))),
  );
  const own = new Set(
    at.cut.files.filter(({ role }) => agentRoles.some((known) => known === role)).map(({ path }) => path),
  );
  for (const damage of facts.damages)
    if (BigInt(damage.t) <= at.ns && !own.has(damage.path)) truths.push(ofDamage(facts, at, damage, round));
  for (const loss of facts.losses) {
    const owner = damageSession(facts, loss);
    const why = `a crash took bytes ${loss.fromByte} to ${loss.toByte} of the ${loss.role} file`;
    if (BigInt(loss.t) <= at.ns && (owner === undefined || owner === at.session))
      truths.push({ is: "maybe", why });
  }
  return strongest([...truths, ...missingStore(at)]);
}

/** Nobody can look into the store of an agent that never told its session id. */
function ofFindable(at: SessionAt, { role, path }: CutFile, truth: Truth): Truth {
  return role === "spool" || isNamed(at, path) || truth.is === "no" ? truth : { ...truth, is: "maybe" };
}

function isNamed(at: SessionAt, path: string): boolean {
  return at.named.has(storeIdOf(path));
}

/** Damage of this round to a file that sessions share: at least one of them must say so. */
export function sharedDamage(facts: Facts, round: number): readonly DamageEntry[] {
  return facts.damages.filter(
    (damage) =>
      damage.round === round &&
      !isAgents(facts, damage) &&
      damageSession(facts, damage) === undefined &&
      !(damage.how === "empty" && !wasReliedOn(facts, damage)),
  );
}

/** A file of the subject's own was damaged after a round: what it had put on record of that round may be gone. */
export function recordDamagedAfter(facts: Facts, session: number, round: number): boolean {
  return facts.damages.some((damage) => {
    const owner = damageSession(facts, damage);
    const concerns = owner === undefined || owner === session;
    return damage.round > round && concerns && !isAgents(facts, damage);
  });
}

/** The agent's own file, or its stdout. */
function isAgents(facts: Facts, { path }: DamageEntry): boolean {
  return facts.run.cuts.some((cut) =>
    cut.files.some((file) => file.path === path && agentRoles.some((known) => known === file.role)),
  );
}

/**
 * Something was acknowledged while the file was written. Else an emptied one looks like that of a server that was
 * killed before it wrote anything, and whatever it held can be found out again.
 */
function wasReliedOn(facts: Facts, { path, t }: DamageEntry): boolean {
  const fileIn = (cut: DiskCut) => cut.files.find((file) => file.path === path);
  const cuts = facts.run.cuts.filter((cut) => BigInt(cut.t) < BigInt(t));
  const without = cuts.findLastIndex((cut) => fileIn(cut) === undefined);
  const sinceNs = BigInt(cuts[without]?.t ?? "0");
  const seen = cuts[without + 1];
  const file = seen === undefined ? undefined : fileIn(seen);
  const bytes = file === undefined ? undefined : bytesOf(file);
  const asked = new Map<number, string>();
  return facts.run.history.some((entry) => {
    if (entry.kind === "submit" || entry.kind === "resume") asked.set(entry.session, entry.prompt);
    if (entry.kind !== "submitted" && entry.kind !== "resumed") return false;
    if (BigInt(entry.t) <= sinceNs || BigInt(entry.t) >= BigInt(t)) return false;
    // A later life may have made the file, and taken into it only what others tell again: then nobody relied on it.
    const prompt = JSON.stringify(asked.get(entry.session) ?? null).slice(1, -1);
    const isHeld = bytes?.includes(prompt) === true;
    return isHeld || !hasStartBetween(facts, BigInt(entry.t), BigInt(seen?.t ?? t));
  });
}

function hasStartBetween({ run }: Facts, fromNs: bigint, toNs: bigint): boolean {
  return run.history.some(({ kind, t }) => kind === "server-start" && BigInt(t) > fromNs && BigInt(t) < toNs);
}

function ofDamage(facts: Facts, at: SessionAt, damage: DamageEntry, round: number): Truth {
  const owner = damageSession(facts, damage) ?? namedIn(facts, at, damage);
  if (owner !== undefined && owner !== at.session) return no;
  const why = `the ${damage.role} file was damaged (${damage.how}, bytes ${damage.fromByte} to ${damage.toByte})`;
  const isOwn = damageSession(facts, damage) !== undefined;
  return { is: isOwn && damage.round === round ? "yes" : "maybe", why };
}

/** The one session that a record of a shared file still names, where damage left all but a few of its bytes. */
function namedIn(
  facts: Facts,
  at: SessionAt,
  { how, path, fromByte, toByte }: DamageEntry,
): number | undefined {
  if (how !== "alter" && how !== "flip") return undefined;
  const file = at.cut.files.find((one) => one.path === path);
  const record =
    file === undefined ? undefined : bytesOf(file)?.subarray(fromByte, toByte).toString("latin1");
  if (record === undefined) return undefined;
  const named = facts.run.sessionIds.flatMap((id, session) =>
    id !== undefined && record.includes(id) ? [session] : [],
  );
  return named.length === 1 ? named[0] : undefined;
}

function ofFile(facts: Facts, at: SessionAt, file: CutFile): Truth {
  const lost = lostBytes(facts, at, file);
  if (file.role === "agent-snapshot") {
    if (readSnapshot(file) !== "unreadable") return no;
    const why = `the agent's snapshot is no snapshot (${bytesOf(file)?.length ?? 0} bytes)`;
    // While an agent works it may be in the middle of writing it.
    return { is: at.life === "dead" ? "yes" : "maybe", why };
  }
  const lines = linesOf(file);
  const bad = lines?.bad ?? [];
  const truths: Truth[] = bad.map(({ what, fromByte, toByte }) => ({
    is: what === "torn-tail" && at.life !== "dead" ? "maybe" : "yes",
    why: `${file.role}: ${what} at bytes ${fromByte} to ${toByte}`,
  }));
  // A whole record whose newline is missing: a stream that was cut there may be called torn.
  const isOpen = file.role === "spool" && lines?.records.at(-1)?.isTerminated === false;
  const open: Truth[] = isOpen ? [{ is: "maybe", why: "spool: the last record has no newline" }] : [];
  return strongest([...truths, ...lost, ...open]);
}

/**
 * Bytes that were certainly in the file and are not: all of them can be told, some of them perhaps not. An emptied
 * stdout that nobody had read looks like that of an agent that said nothing.
 */
function lostBytes(facts: Facts, at: SessionAt, file: CutFile): readonly Truth[] {
  const damage = facts.damages.find(({ path, t }) => path === file.path && BigInt(t) <= at.ns);
  if (damage === undefined || file.content === undefined) return [];
  const why = `the ${file.role} file was damaged (${damage.how})`;
  const isTold = file.content === "" && (file.role !== "spool" || wasRead(facts, at.session, damage));
  return [{ is: isTold ? "yes" : "maybe", why }];
}

/** Of every agent that had started by then a line had been shown: the subject had read each of its spools. */
function wasRead(facts: Facts, session: number, { t }: DamageEntry): boolean {
  return attemptsOf(facts, session, BigInt(t)).every(({ emissions }) =>
    emissions.some((line) => wasShown(facts, session, line, BigInt(t))),
  );
}

/** Is anything left of what was said in the session, in the agent's log or in its stdout? */
function hasConversation({ logs, spools }: SessionAt): boolean {
  const logged = logs.some(({ prompts, replies }) => prompts.length > 0 || replies.length > 0);
  return logged || spools.some(({ texts, calls }) => texts.length > 0 || calls.size > 0);
}

/**
 * The agent wrote a log or snapshot that is not there. A snapshot is one of a conversation: where a crash left nothing of
 * that, it may be said or not.
 */
function missingStore(at: SessionAt): readonly Truth[] {
  const written = new Map<string, string>();
  for (const attempt of at.attempts)
    for (const entry of attempt.entries)
      if (entry.kind === "store" && entry.phase === "done" && BigInt(entry.t) < at.ns)
        written.set(entry.path, entry.role);
  // The agent names its files by its own working directory, which may be spelled differently.
  const nameOf = (path: string) => path.split("/").slice(-2).join("/");
  const isThere = (path: string) =>
    at.cut.files.some((file) => nameOf(file.path) === nameOf(path) && file.content !== undefined);
  return [...written]
    .filter(([path]) => !isThere(path))
    .map(([path, role]) => ({
      is: isNamed(at, path) && (role !== "snapshot" || hasConversation(at)) ? "yes" : "maybe",
      why: `the agent's ${role} ${path} is missing`,
    }));
}
