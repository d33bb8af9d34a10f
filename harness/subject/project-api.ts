/**
 * The HTTP interface that coding-orchestrator and its successor controller share, in the harness' words.
 *
 * A prompt is a GET that answers with the stream of its events; a new session is named in that stream. What a session
 * was is asked for later in three pieces: the session, its events, and whether something runs.
 * Always: it renames. Every session is "active" whatever became of it, so whether one has ended is "unknown"; an
 * event that was stored without its call's id stays without one; there is no place where divergence is flagged.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type {
  Context,
  Followed,
  ObservedCall,
  ObservedSession,
  Prompt,
  Refusable,
  Shown,
  Subject,
  SubjectFile,
} from "./contract.ts";
import { requestJson, UnexpectedAnswer } from "./http.ts";
import { readSse } from "./sse.ts";
import { baseUrl } from "./start.ts";

const ProjectSchema = z.looseObject({ id: z.string(), path: z.string() });
const SessionSchema = z.looseObject({ id: z.string(), status: z.string() });
const RuntimeSchema = z.looseObject({ active: z.boolean() });
const BlockSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
/** An event as it is stored. */
const StoredSchema = z.looseObject({
  type: z.string(),
  data: z.looseObject({
    id: z.string().optional(),
    toolCallId: z.string().optional(),
    tool: z.string().optional(),
    input: z.unknown().optional(),
    text: z.string().optional(),
    content: z.union([z.string(), z.array(BlockSchema)]).optional(),
    isError: z.boolean().optional(),
  }),
});
/** An event as it is streamed. */
const LiveSchema = z.looseObject({
  type: z.string(),
  sessionId: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  text: z.string().optional(),
  content: z.string().optional(),
  isError: z.boolean().optional(),
});
const FrameSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  event: LiveSchema.optional(),
});

/** The part of such a subject that talks to a running server. */
export const projectApi: Pick<Subject, "submit" | "resume" | "follow" | "events" | "observe"> = {
  submit: (ctx, { prompt, session, key, agent }) =>
    unread(
      follow(ctx, { prompt, key, agent: agent ?? "ada", ...(session === undefined ? {} : { session }) }),
    ),

  resume: (ctx, session, prompt) => unread(follow(ctx, { prompt, session, key: "", agent: "ada" })),

  follow,

  // Nobody can join a stream that another request opened: a page that is loaded again asks for what is stored.
  async *events(ctx, session) {
    const project = await projectOf(ctx);
    if (project !== undefined) yield* (await storedEvents(ctx, project, session)).map(shownStored);
  },

  async observe(ctx) {
    const project = await projectOf(ctx);
    if (project === undefined) return { sessions: [] };
    const sessions = z.array(SessionSchema).parse(await get(ctx, `/api/projects/${project}/sessions`));
    return { sessions: await Promise.all(sessions.map((session) => observeSession(ctx, project, session))) };
  },
};

/** Sessions and events below `folder`, as files that may be damaged. */
export async function sessionFiles(folder: string): Promise<readonly SubjectFile[]> {
  const kinds = [
    { role: "log", name: "events", extension: ".jsonl" },
    { role: "snapshot", name: "sessions", extension: ".json" },
  ] as const;
  const found = await Promise.all(
    kinds.map(async ({ role, name, extension }) => {
      const names = (await readdir(join(folder, name)).catch((): string[] => [])).sort();
      return names
        .filter((file) => file.endsWith(extension))
        .map(
          (file): SubjectFile => ({
            role,
            path: join(folder, name, file),
            session: file.slice(0, -extension.length),
          }),
        );
    }),
  );
  return found.flat();
}

interface Answer {
  settle(answer: Refusable<{ readonly session: string }>): void;
  fail(error: unknown): void;
}

function follow(ctx: Context, request: Prompt): Followed {
  let answer: Answer | undefined;
  const accepted = new Promise<Refusable<{ readonly session: string }>>((resolve, reject) => {
    answer = { settle: resolve, fail: reject };
  });
  // Whoever reads only the events must not be ended by an answer that never came.
  accepted.catch(() => undefined);
  if (answer === undefined) throw new Error("a promise was not made");
  return { accepted, events: streamOf(ctx, request, answer) };
}

async function* streamOf(ctx: Context, request: Prompt, answer: Answer): AsyncGenerator<Shown, void, void> {
  const { session } = request;
  try {
    const project = (await projectOf(ctx)) ?? (await addProject(ctx));
    const query = new URLSearchParams({
      message: request.prompt,
      provider: request.agent,
      model: "fake/model",
    });
    if (session !== undefined) query.set("resumeSessionId", session);
    const url = `${baseUrl(ctx)}/api/projects/${project}/sessions/stream?${query}`;
    for await (const { data } of readSse(url, { signal: ctx.signal })) {
      const frame = FrameSchema.parse(JSON.parse(data));
      if (frame.type === "started" && session !== undefined) answer.settle({ ok: true, session });
      const named = frame.event?.type === "run.started" ? frame.event.sessionId : undefined;
      if (named !== undefined) answer.settle({ ok: true, session: named });
      if (frame.type === "error") answer.settle({ ok: false, status: 200, message: frame.text ?? "" });
      yield frame.event === undefined
        ? { type: "other", ...(frame.text === undefined ? {} : { text: frame.text }) }
        : shownLive(frame.event);
    }
  } catch (error) {
    answer.fail(error);
  } finally {
    answer.fail(new Error("The stream ended before it said that the prompt was accepted."));
  }
}

/** Lets the events go by. */
async function unread({ accepted, events }: Followed): Promise<Refusable<{ readonly session: string }>> {
  void (async () => {
    for await (const _ of events);
  })();
  return accepted;
}

async function projectOf(ctx: Context): Promise<string | undefined> {
  const projects = z.array(ProjectSchema).parse(await get(ctx, "/api/projects"));
  return projects.find(({ path }) => path === ctx.workspace)?.id;
}

async function addProject(ctx: Context): Promise<string> {
  const body = { name: "plan", path: ctx.workspace };
  const answer = await requestJson(`${baseUrl(ctx)}/api/projects`, {
    method: "POST",
    body,
    signal: ctx.signal,
  });
  if (answer.status >= 300) throw new Error(`The project was answered ${answer.status}: ${answer.text}`);
  return ProjectSchema.parse(answer.body).id;
}

async function storedEvents(
  ctx: Context,
  project: string,
  session: string,
): Promise<readonly z.infer<typeof StoredSchema>[]> {
  const path = `/api/projects/${project}/sessions/${encodeURIComponent(session)}/events`;
  return z.array(StoredSchema).parse(await get(ctx, path));
}

async function observeSession(
  ctx: Context,
  project: string,
  { id, status }: z.infer<typeof SessionSchema>,
): Promise<ObservedSession> {
  const url = `${baseUrl(ctx)}/api/projects/${project}/sessions/${encodeURIComponent(id)}/runtime`;
  const [events, runtime] = await Promise.all([
    storedEvents(ctx, project, id),
    requestJson(url, { signal: ctx.signal }),
  ]);
  const { data } = RuntimeSchema.safeParse(runtime.body);
  return {
    id,
    state: status,
    ended: "unknown",
    live: data === undefined ? "unknown" : data.active ? "yes" : "no",
    calls: calls(events),
    history: events.map(shownStored),
    flags: "no-surface",
  };
}

/** A call has a result where the stored events say so by its id; of the others nothing is said. */
function calls(events: readonly z.infer<typeof StoredSchema>[]): ObservedCall[] {
  const found: ObservedCall[] = [];
  for (const { type, data } of events) {
    if (type === "tool_call") {
      const { id, tool = "", input } = data;
      found.push({ name: tool, input, state: "unknown", ...(id === undefined ? {} : { id }) });
    }
    if (type !== "tool_result" || data.toolCallId === undefined) continue;
    const at = found.findLastIndex(({ id }) => id === data.toolCallId);
    const call = found[at];
    const result = typeof data.content === "string" ? { result: data.content } : {};
    if (call !== undefined)
      found[at] = { ...call, state: data.isError === true ? "failed" : "done", ...result };
  }
  return found;
}

const storedTypes: Readonly<Record<string, Shown["type"]>> = {
  user_message: "prompt",
  tool_call: "call",
  tool_result: "result",
  "run.failed": "end",
};

function shownStored({ type, data }: z.infer<typeof StoredSchema>): Shown {
  const blocks = typeof data.content === "string" ? [] : (data.content ?? []);
  const words = blocks.flatMap((block) => (block.type === "text" ? [block.text ?? ""] : []));
  const text =
    typeof data.content === "string" ? data.content : words.length > 0 ? words.join("") : data.text;
  // A reply that only makes calls says nothing by itself.
  const isText = type === "assistant_response" && words.length > 0;
  const callId = type === "tool_result" ? data.toolCallId : type === "tool_call" ? data.id : undefined;
  return shown(isText ? "text" : (storedTypes[type] ?? "other"), { ...data, callId, name: data.tool, text });
}

const liveTypes: Readonly<Record<string, Shown["type"]>> = {
  "assistant.text": "text",
  "tool.call": "call",
  "tool.result": "result",
  "run.completed": "end",
  "run.failed": "end",
};

function shownLive(event: z.infer<typeof LiveSchema>): Shown {
  return shown(liveTypes[event.type] ?? "other", {
    ...event,
    callId: event.id,
    text: event.text ?? event.content,
  });
}

function shown(
  type: Shown["type"],
  {
    callId,
    name,
    input,
    text,
    isError,
  }: {
    readonly callId?: string | undefined;
    readonly name?: string | undefined;
    readonly input?: unknown;
    readonly text?: string | undefined;
    readonly isError?: boolean | undefined;
  },
): Shown {
  return {
    type,
    ...(callId === undefined ? {} : { callId }),
    ...(name === undefined ? {} : { name }),
    ...(input === undefined ? {} : { input }),
    ...(text === undefined ? {} : { text }),
    ...(isError === undefined ? {} : { isError }),
  };
}

async function get(ctx: Context, path: string): Promise<unknown> {
  const { status, body, text } = await requestJson(`${baseUrl(ctx)}${path}`, { signal: ctx.signal });
  if (status !== 200) throw new UnexpectedAnswer(`GET ${path}`, status, text);
  return body;
}
