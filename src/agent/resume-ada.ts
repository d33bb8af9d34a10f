/**
 * Ada's store as one that can be searched and asked: sessions of a project, and what a resume sends.
 *
 * Ada sends its model the messages of its snapshot and the new prompt, and nothing of its log.
 */
import type { SourceCut } from "../model/evidence.ts";
import type { Files } from "../model/ports.ts";
import { isSessionId, readBoth, storePaths } from "./ada/store.ts";
import { namesIn, withoutSlash } from "./resume-find.ts";
import type { AgentStore, FoundSession, Sent, SessionRead, Surroundings } from "./resume-types.ts";

/** See {@link AgentStore}. */
export const adaStore: AgentStore = {
  traits: { streamIds: "same", cursor: "byte-offset", turnEnd: "stop-reason" },
  locate,
  read,
};

async function locate(files: Files, cwd: string): Promise<FoundSession[]> {
  const place = withoutSlash(cwd);
  const logs = await namesIn(files, `${place}/.coding-agent/events`);
  const snapshots = await namesIn(files, `${place}/.coding-agent/sessions`);
  const ids = [...logs, ...snapshots].map((name) => name.replace(/\.jsonl?$/, "")).filter(isSessionId);
  return [...new Set(ids)].flatMap((id) => {
    const { log, snapshot } = storePaths(place, id);
    return log === undefined || snapshot === undefined
      ? []
      : [{ agent: "ada", id, path: log, snapshotPath: snapshot }];
  });
}

async function read(
  files: Files,
  { id, path }: FoundSession,
  { keep }: Pick<Surroundings, "keep"> = {},
): Promise<SessionRead> {
  const cwd = path.slice(0, path.lastIndexOf("/.coding-agent/"));
  const { sources, leftOut } = await readBoth(files, cwd, id, keep);
  const sent = sentOnResume(sources);
  return { sources, sent, versions: [], ...(leftOut === undefined ? {} : { leftOut }) };
}

/** Pure: the history that Ada's model gets. */
export function sentOnResume(sources: readonly SourceCut[]): Sent[] {
  const facts = sources.filter(({ source }) => source === "S").flatMap((cut) => cut.facts);
  const answered = new Set(facts.flatMap(({ body }) => (body.kind === "result" ? [body.callId] : [])));
  const history = facts.flatMap(({ body }): Sent[] => {
    switch (body.kind) {
      case "prompt":
        return [{ role: "user" }];
      case "text":
        return [{ role: "assistant" }];
      case "call": {
        const call: Sent = { role: "assistant", callId: body.callId };
        return [answered.has(body.callId) ? call : { ...call, answer: "none" }];
      }
      case "result":
        return [{ role: "tool", callId: body.callId, answer: "result" }];
      default:
        return [];
    }
  });
  return [...history, { role: "user" }];
}
