/**
 * Findings about the files themselves: missing, unreadable, damaged, of another session, of unknown types.
 *
 * Always: what an agent may just be writing (a snapshot half replaced, a last line half appended) is judged only
 * when no agent is there. Damage is reported with its bytes, each place once.
 */
import type { Cite } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { SourceCut } from "../model/evidence.ts";
import type { Damage, Fact, Oddity } from "../model/fact.ts";
import type { Finding, FindingCode, Severity } from "../model/verdict.ts";
import { type Case, cutOf } from "./case.ts";
import { citeFact, placeOf, placeOfDamage, raise } from "./finding.ts";

const codes: Readonly<Record<Damage["code"], readonly [FindingCode, Severity]>> = {
  "torn-tail": ["torn-tail", "info"],
  "corrupt-middle": ["corrupt-middle", "warning"],
  "glued-record": ["glued-record", "warning"],
  "nul-run": ["corrupt-middle", "warning"],
  "oversized-record": ["corrupt-middle", "warning"],
  checksum: ["record-lost", "warning"],
  truncated: ["record-lost", "warning"],
  "seq-gap": ["seq-gap", "warning"],
  "seq-repeat": ["seq-repeat", "warning"],
  "seq-regression": ["seq-regression", "warning"],
  "chain-break": ["chain-break", "warning"],
  "chain-cycle": ["chain-cycle", "warning"],
  "late-write": ["late-write", "warning"],
  "snapshot-unreadable": ["snapshot-unreadable", "warning"],
  "snapshot-missing": ["snapshot-missing", "warning"],
  "log-missing": ["log-missing", "warning"],
  "log-unreadable": ["log-unreadable", "warning"],
};

const oddCodes: Readonly<Record<Oddity["code"], readonly [FindingCode, Severity]>> = {
  fork: ["fork", "warning"],
  "clock-skew": ["clock-skew", "info"],
  // What stands in a form that is not read may hold calls that are not listed.
  "not-read": ["schema-unknown", "warning"],
};

/** All findings about files. */
export function storeFindings(one: Case): Finding[] {
  return [
    ...one.evidence.sources.flatMap((cut) => damageFindings(one, cut)),
    ...one.evidence.sources.flatMap((cut) => oddFindings(one, cut)),
    ...one.evidence.sources.flatMap((cut) => recordFindings(one, cut)),
    ...unreadableFile(one, "L"),
    ...unreadableFile(one, "S"),
    ...logMissing(one),
    ...snapshotMissing(one),
    ...rebound(one),
  ];
}

/** Can S be compared with the log: it is there, and it could be read. */
export function isSnapshotReadable(cut: SourceCut | undefined): cut is SourceCut {
  return cut?.status === "read" && !cut.damage.some(({ code }) => code === "snapshot-unreadable");
}

function damageFindings(one: Case, cut: SourceCut): Finding[] {
  const { source, damage } = cut;
  return damage.flatMap((harm) => {
    const [code, severity] = codes[harm.code];
    const isMoving = code === "torn-tail" || code === "snapshot-unreadable";
    // J is ours: its writer is the life that reads it, or dead.
    if (isMoving && source !== "J" && !isAtRest(one, cut)) return [];
    const { path, range, detail } = harm;
    const cites = [{ source, path, range, value: citeValue(detail) }];
    const where = `bytes ${range.fromByte} to ${range.toByte} of ${path}`;
    const at = placeOfDamage(source, harm);
    const attempt = attemptOfCut(cut);
    return [
      raise(one, { code, severity, attempt, at, summary: `${detail.replace(/\.$/, "")} (${where}).`, cites }),
    ];
  });
}

function oddFindings(one: Case, { source, oddities = [] }: SourceCut): Finding[] {
  return oddities.map((odd) => {
    const [code, severity] = oddCodes[odd.code];
    const { path, range, detail } = odd;
    const cites = [{ source, path, range, value: citeValue(detail) }];
    return raise(one, { code, severity, at: placeOfDamage(source, odd), summary: `${detail}.`, cites });
  });
}

/** A spool is at rest when its own agent is gone, the agent's store when all are. */
function isAtRest(one: Case, cut: SourceCut): boolean {
  const attempt = attemptOfCut(cut);
  if (attempt === undefined) return one.atRest;
  return one.attempts.find(({ evidence }) => evidence.attempt === attempt)?.state !== "live";
}

function attemptOfCut({ source, facts }: SourceCut): number | undefined {
  return source === "O" ? facts[0]?.attempt : undefined;
}

/** Records that are no records, and records of types that nobody knows: once a type. */
function recordFindings(one: Case, cut: SourceCut): Finding[] {
  const types = new Map<string, Fact>();
  const unreadable: Fact[] = [];
  for (const fact of cut.facts) {
    if (fact.body.kind === "unreadable") unreadable.push(fact);
    if (fact.body.kind === "unknown" && !types.has(fact.body.type)) types.set(fact.body.type, fact);
  }
  const unknown = [...types].map(([type, fact]) => {
    const summary = `${capital(nameOf(cut))} has records of type "${citeValue(type)}", which this version does not know.`;
    return raise(one, { ...common(fact), code: "schema-unknown", severity: "info", summary });
  });
  return [...unknown, ...unreadable.map((fact) => unreadableRecord(one, cut, fact))];
}

function unreadableRecord(one: Case, cut: SourceCut, fact: Fact): Finding {
  const summary = `A line of ${nameOf(cut)} is no record; it is kept as it is, at byte ${fact.range.fromByte}.`;
  return raise(one, { ...common(fact), code: "corrupt-middle", severity: "warning", summary });
}

function common(fact: Fact): { attempt: number | undefined; at: string; cites: readonly Cite[] } {
  return { attempt: fact.attempt, at: placeOf(fact), cites: [citeFact(fact)] };
}

function nameOf({ source }: SourceCut): string {
  if (source === "O") return "the agent's output";
  if (source === "L") return "the agent's log";
  return source === "S" ? "the agent's snapshot" : "the journal";
}

/** For a reader that gives a status and no damage. */
function unreadableFile(one: Case, source: "L" | "S"): Finding[] {
  const cut = cutOf(one, source);
  const code = source === "L" ? "log-unreadable" : "snapshot-unreadable";
  if (cut?.status !== "unreadable" || cut.damage.some((damage) => codes[damage.code][0] === code)) return [];
  if (source === "S" && !one.atRest) return [];
  const cites = [{ ...placeOfFile(cut), value: "could not be read" }];
  const summary = `${nameOf(cut)} could not be read.`;
  return [raise(one, { code, severity: "warning", at: source, summary: capital(summary), cites })];
}

/** The agent writes a prompt to its log before it speaks: what it said proves that there was a log. */
function logMissing(one: Case): Finding[] {
  const cut = cutOf(one, "L");
  if (cut === undefined || !one.atRest || cut.status === "unreadable") return [];
  if (cut.facts.length > 0 || cut.damage.length > 0 || cut.abilities.prompt?.order !== "write-ahead")
    return [];
  const isEmpty = cut.status === "read";
  const spoken = one.turns.flatMap(({ O }) => O).find(({ body }) => isSpeech(body.kind));
  // Without a word of the agent a missing file may never have been; a file without a record had one.
  if (spoken === undefined && !isEmpty) return [];
  const value = isEmpty ? "the file is empty" : "no such file";
  const cites = [{ ...placeOfFile(cut), value }, ...(spoken === undefined ? [] : [citeFact(spoken)])];
  const at = spoken === undefined ? "L" : placeOf(spoken);
  const summary = `The agent writes its log before it speaks, but the log is not there: ${value}.`;
  return [raise(one, { code: "log-missing", severity: "warning", at, summary, cites })];
}

function isSpeech(kind: Fact["body"]["kind"]): boolean {
  return kind !== "unknown" && kind !== "unreadable";
}

/** A conversation proves that there was a snapshot, in the log or, where a power cut took it from there, in the output. */
function snapshotMissing(one: Case): Finding[] {
  const cut = cutOf(one, "S");
  const logged = one.turns.flatMap(({ L }) => L)[0];
  const isWord = ({ body }: Fact) => isSpeech(body.kind) && body.kind !== "session";
  const first = logged ?? one.turns.flatMap(({ O }) => O).find(isWord);
  if (cut?.status !== "missing" || !one.atRest || first === undefined) return [];
  const cites = [{ ...placeOfFile(cut), value: "no such file" }, citeFact(first)];
  const holds = logged === undefined ? "output" : "log";
  const summary = `The agent's ${holds} holds a conversation, and its snapshot is not there.`;
  const severity = "warning";
  return [raise(one, { code: "snapshot-missing", severity, at: placeOf(first), summary, cites })];
}

/** A file that names another session than the one the agent named. */
function rebound(one: Case): Finding[] {
  const { evidence } = one;
  const named = evidence.sources.filter(({ source }) => source === "O" || source === "L" || source === "S");
  const facts = named.flatMap(({ facts }) => facts).filter(({ body }) => body.kind === "session");
  const first = facts.find(({ source }) => source === "O");
  const asked = idIn(first) ?? (evidence.attempts.length === 0 ? evidence.session.id : undefined);
  if (asked === undefined) return [];
  const other = facts.find((fact) => idIn(fact) !== asked);
  if (other === undefined) return [];
  const cites = [...(first === undefined ? [] : [citeFact(first)]), citeFact(other)];
  const summary = `Session ${citeValue(asked)} was asked for, and ${citeValue(idIn(other) ?? "")} is named here.`;
  return [raise(one, { ...common(other), code: "session-rebound", severity: "blocks", summary, cites })];
}

function idIn(fact: Fact | undefined): string | undefined {
  return fact?.body.kind === "session" ? fact.body.agentSessionId : undefined;
}

function placeOfFile({ source, path }: SourceCut): Pick<Cite, "source" | "path"> {
  return { source, ...(path === undefined ? {} : { path }) };
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
