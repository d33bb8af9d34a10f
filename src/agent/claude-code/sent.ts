/**
 * What Claude Code sends to its model when it resumes a session, from the lines of the session file.
 *
 * It follows `parentUuid` from the newest line, brings parallel calls and results of the same answer back in, and then
 * treats a call without a result: up to 2.1.197 it is dropped, and where the history then ends with the person's
 * words two texts are put in (go on; nothing was asked). 2.1.330 keeps it with a result that says that the outcome
 * is unknown. Which version changed it is not known; between the two the older way is reported, which tells less.
 * Always: pure; a missing parent ends the walk, a cycle is walked once.
 */
import type { Sent } from "../resume-types.ts";

/** As much of a line of the chain as decides what is sent. */
export interface ChainLine {
  readonly uuid: string;
  readonly parentUuid: string | undefined;
  readonly role: "user" | "assistant" | "other";
  /** Shared by the lines of one answer of the model. */
  readonly messageId: string | undefined;
  readonly isSide: boolean;
  readonly texts: number;
  readonly calls: readonly string[];
  readonly results: readonly string[];
}

const firstToKeepDangling = [2, 1, 330];

/** @param version of the agent that will resume, as far as known: that of the last line. */
export function sentOnResume(lines: readonly ChainLine[], version: string | undefined): Sent[] {
  const history = entriesOf(chainOf(lines), isAtLeast(version, firstToKeepDangling));
  const last = history.at(-1);
  if (last !== undefined && last.role !== "assistant" && !isAtLeast(version, firstToKeepDangling)) {
    history.push({ role: "user", inserted: true }, { role: "assistant", inserted: true });
  }
  return [...history, { role: "user" }];
}

/** The lines that are sent, in the order of the file. */
function chainOf(lines: readonly ChainLine[]): ChainLine[] {
  const main = lines.filter(({ isSide }) => !isSide);
  const byUuid = new Map(main.map((line) => [line.uuid, line]));
  const taken = new Set<ChainLine>();
  let line = main.findLast(({ role }) => role !== "other");
  while (line !== undefined && !taken.has(line)) {
    taken.add(line);
    line = line.parentUuid === undefined ? undefined : byUuid.get(line.parentUuid);
  }
  const messages = new Set([...taken].flatMap(({ messageId }) => messageId ?? []));
  const answers = main.filter(({ messageId }) => messageId !== undefined && messages.has(messageId));
  for (const answer of answers) taken.add(answer);
  const calls = new Set([...taken].flatMap((one) => one.calls));
  return main.filter((one) => taken.has(one) || one.results.some((callId) => calls.has(callId)));
}

function entriesOf(chain: readonly ChainLine[], isDanglingKept: boolean): Sent[] {
  const answered = new Set(chain.flatMap(({ results }) => results));
  const made = new Set(chain.flatMap(({ calls }) => calls));
  const seen = new Set<string>();
  return chain.flatMap(({ role, texts, calls, results }): Sent[] => {
    if (role === "other") return [];
    const said = Array.from({ length: texts }, (): Sent => ({ role }));
    const asked = calls.flatMap((callId): Sent[] => {
      if (answered.has(callId)) return [{ role: "assistant", callId }];
      if (!isDanglingKept) return [];
      return [
        { role: "assistant", callId },
        { role: "tool", callId, answer: "synthetic" },
      ];
    });
    const told = results.flatMap((callId): Sent[] => {
      if (!made.has(callId) || seen.has(callId)) return [];
      seen.add(callId);
      return [{ role: "tool", callId, answer: "result" }];
    });
    return [...told, ...said, ...asked];
  });
}

function isAtLeast(version: string | undefined, wanted: readonly number[]): boolean {
  const parts = (version ?? "").split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (const [index, least] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
