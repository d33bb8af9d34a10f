/**
 * The classes of divergence that the oracle knows the truth of, and the taxonomy's words for them.
 *
 * Always: one table. A word that stands for no class here is informational and ignored; a word of a subject's own
 * is "other": counted, neither truth nor alarm.
 */

export const flagClasses = [
  "snapshot-behind-log",
  "journal-ahead",
  "agent-ahead",
  "ghost-running",
  "unexpected-live",
  "dangling-call",
  "unreadable",
  "second-writer",
] as const;

export type FlagClass = (typeof flagClasses)[number];

const classOfCode: Readonly<Record<string, FlagClass | "informational">> = {
  "snapshot-behind-log": "snapshot-behind-log",
  "journal-ahead": "journal-ahead",
  "agent-ahead": "agent-ahead",
  "ghost-running": "ghost-running",
  "unexpected-live": "unexpected-live",
  "dangling-call": "dangling-call",
  "second-writer": "second-writer",
  unreadable: "unreadable",
  "torn-tail": "unreadable",
  "glued-record": "unreadable",
  "corrupt-middle": "unreadable",
  "nul-run": "unreadable",
  "oversized-record": "unreadable",
  checksum: "unreadable",
  truncated: "unreadable",
  "record-lost": "unreadable",
  "seq-gap": "unreadable",
  "seq-repeat": "unreadable",
  "seq-regression": "unreadable",
  "snapshot-unreadable": "unreadable",
  "snapshot-missing": "unreadable",
  "log-missing": "unreadable",
  "log-unreadable": "unreadable",
  "snapshot-ahead-of-log": "informational",
  "snapshot-conflict": "informational",
  "duplicate-event": "informational",
  "id-conflict": "informational",
  "unpaired-result": "informational",
  "late-write": "informational",
  fork: "informational",
  "clock-skew": "informational",
  "session-rebound": "informational",
  "schema-unknown": "informational",
  "told-wrongly": "informational",
  "effect-rolled-back": "informational",
  "agent-elsewhere": "informational",
  superseded: "informational",
};

/** What a flag's word stands for. */
export function classOf(code: string): FlagClass | "informational" | "other" {
  return Object.hasOwn(classOfCode, code) ? (classOfCode[code] ?? "other") : "other";
}

/** Sources that can show a class; a flag cites at least one of them. */
export const sourcesOf: Readonly<Record<FlagClass, string>> = {
  "snapshot-behind-log": "SL",
  "journal-ahead": "JOL",
  "agent-ahead": "LSJO",
  "ghost-running": "PJO",
  "unexpected-live": "PJO",
  "dangling-call": "JOLS",
  unreadable: "JOLSC",
  "second-writer": "PJOLS",
};
