/** A log that is too long to be kept whole, with and without our record of the session beside it. */
import { expect, test } from "vitest";
import { claudeCode } from "../../src/agent/claude-code.ts";
import { type InspectRequest, inspectProject, type OurEvidence } from "../../src/inspect/index.ts";
import type { Fact } from "../../src/model/fact.ts";
import { diskFiles } from "../conformance/memory.ts";
import { attempt } from "../reconcile/build.ts";

const id = "863a54be-ac71-488d-8a0b-bcbc08e9c9e2";
const path = `/home/dev/.claude/projects/-w/${id}.jsonl`;
const turns = 40;

let line = 0;
function chained(type: string, message: object): object {
  line += 1;
  const parentUuid = line === 1 ? null : `u${line - 1}`;
  return { type, message: { role: type, ...message }, uuid: `u${line}`, parentUuid, sessionId: id };
}

const messages = Array.from({ length: turns }, (_, at) => [
  chained("user", { content: `task ${at}` }),
  chained("assistant", { content: [{ type: "tool_use", id: `t${at}`, name: "Read", input: {} }] }),
  chained("user", { content: [{ type: "tool_result", tool_use_id: `t${at}`, content: "x".repeat(900) }] }),
  chained("assistant", { content: [{ type: "text", text: "done" }], stop_reason: "end_turn" }),
]).flat();
const disk = {
  [path]: new TextEncoder().encode(messages.map((one) => `${JSON.stringify(one)}\n`).join("")),
  "/w/x": new Uint8Array(0),
};

/** One attempt a turn, each with the stream of its own. */
function ourEvidence(): OurEvidence {
  const sources = Array.from({ length: turns }, (_, at) => {
    const said = messages.slice(at * 4, at * 4 + 4).map((one) => JSON.stringify(one));
    const facts = said.flatMap((text, index) =>
      claudeCode.decodeLine(text).map((body, k): Fact => {
        const range = { fromByte: index * 10, toByte: index * 10 + 9 };
        return { source: "O", path: `/s${at}`, range, k, attempt: at + 1, body };
      }),
    );
    const { O: abilities } = claudeCode.abilities;
    return { source: "O", path: `/s${at}`, status: "read", abilities, facts, damage: [] } as const;
  });
  const attempts = sources.map((_, at) => attempt(at + 1, { prompt: `task ${at}` }));
  return { attempts, asked: [], sources, decisions: [], bootChanged: false, identities: [] };
}

async function inspect(ours: InspectRequest["ours"]) {
  const world = {
    files: diskFiles(disk),
    names: { kindOf: async () => undefined },
    processes: { list: async () => [] },
  };
  const homes = [{ path: "/home/dev", env: {} }];
  const keep = { textCharsMax: 4_096, bytesMax: 4_000 };
  const request = { folders: ["/w"], homes, keep, ...(ours === undefined ? {} : { ours }) };
  const [session] = (await inspectProject(world, request)).sessions;
  return session;
}

test("without our record finished turns are left out, of the calls as of what is sent, and the rest is judged", async () => {
  const session = await inspect(undefined);
  const kept = session?.verdict.calls.length ?? 0;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(turns);
  expect(session?.leftOut).toEqual({ turns: turns - kept, calls: turns - kept });
  expect(new Set(session?.sent.flatMap(({ callId }) => callId ?? [])).size).toBe(kept);
  expect(session?.verdict.calls.map(({ modelKnows }) => modelKnows)).toEqual(Array(kept).fill("yes"));
});

test("with our record nothing is left out: no call is missed in the log that stands in it", async () => {
  const read = async () => ourEvidence();
  const session = await inspect({
    sessions: [{ id: "ours", agent: "claude-code", agentSessionId: id, cwd: "/w", read }],
    troubles: [],
  });
  expect(session?.leftOut).toBeUndefined();
  expect(session?.verdict.calls).toHaveLength(turns);
  expect(session?.verdict.findings.filter(({ code }) => code === "journal-ahead")).toEqual([]);
});
