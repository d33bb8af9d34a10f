/**
 * A model on the loopback interface that real coding agents can be pointed at: it asks for one shell command, and says
 * that it is done as soon as it has been told the command's result, in whatever way.
 *
 * It speaks the streaming dialects of four vendors, as much of each as one tool call needs. What it answers follows
 * from the request alone, so an agent that is started again gets the answer that its own history deserves: one that
 * lost the result is asked for the command once more.
 * Always: every request that offers tools is kept, whole. Never: it is reached from another machine.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Readonly<Record<string, unknown>>;

export interface ModelScript {
  /** Shell command that the agent is asked to run. */
  readonly command: string;
  /** A text that only the command's result has. */
  readonly resultToken: string;
}

/** A request for an answer, with the agent's tools. */
export interface ModelRequest {
  readonly path: string;
  readonly body: Json;
  readonly text: string;
  /** Somewhere in it the command's result is told. */
  readonly knowsResult: boolean;
}

interface Tool {
  readonly name: string;
  readonly schema: Json;
}

type Answer =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "tool"; readonly name: string; readonly args: Json };

/** A frame of a server-sent stream. */
interface Frame {
  readonly event?: string;
  readonly data: unknown;
}

interface Dialect {
  readonly path: RegExp;
  tools(body: Json): readonly Tool[];
  frames(answer: Answer, id: string): readonly Frame[];
}

export class ModelServer {
  readonly requests: ModelRequest[] = [];
  readonly #script: ModelScript;
  readonly #server: Server;
  #count = 0;
  /** Told once of the first request that knows the result; that request is never answered. */
  #onResult: ((request: ModelRequest) => void) | undefined;

  private constructor(script: ModelScript) {
    this.#script = script;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    // Agents that try a socket first fall back to plain requests.
    this.#server.on("upgrade", (_, socket) =>
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"),
    );
  }

  static async start(script: ModelScript): Promise<ModelServer> {
    const server = new ModelServer(script);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when a request shows that the agent has the result; it stays unanswered, as if the answer took long. */
  holdAtResult(): Promise<ModelRequest> {
    return new Promise((resolve) => {
      this.#onResult = resolve;
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const path = request.url ?? "";
    const dialect = dialects.find((one) => one.path.test(path));
    const body = recordIn(text);
    if (dialect === undefined || body === undefined || request.method !== "POST") {
      response.writeHead(/models|count/i.test(path) ? 200 : 404, { "content-type": "application/json" });
      response.end(
        JSON.stringify({
          object: "list",
          data: [{ id: "mock", object: "model" }],
          models: [],
          input_tokens: 1,
          totalTokens: 1,
        }),
      );
      return;
    }
    const tools = dialect.tools(body);
    const seen = { path, body, text, knowsResult: text.includes(this.#script.resultToken) };
    // Requests for a title and the like offer no tools.
    if (tools.length > 0) this.requests.push(seen);
    const onResult = this.#onResult;
    if (tools.length > 0 && seen.knowsResult && onResult !== undefined) {
      this.#onResult = undefined;
      onResult(seen);
      return;
    }
    this.#count += 1;
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const { event, data } of dialect.frames(this.#answer(seen, tools), `${Date.now()}x${this.#count}`)) {
      const line = typeof data === "string" ? data : JSON.stringify(data);
      response.write(`${event === undefined ? "" : `event: ${event}\n`}data: ${line}\n\n`);
    }
    response.end();
  }

  #answer({ knowsResult }: ModelRequest, tools: readonly Tool[]): Answer {
    const shell = tools.find(({ name }) => shellNames.has(name));
    if (knowsResult || shell === undefined) return { kind: "text", text: "The scripted work is done." };
    return { kind: "tool", name: shell.name, args: argsOf(shell.schema, this.#script.command) };
  }
}

const shellNames = new Set(["bash", "Bash", "exec_command", "shell", "shell_command", "run_shell_command"]);

/** The command where the tool wants it, and something of the right type for whatever else it must have. */
function argsOf(schema: Json, command: string): Json {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const args = Object.entries(properties).flatMap(([name, property]): [string, unknown][] => {
    const type = isRecord(property) ? property.type : undefined;
    if (name === "command" || name === "cmd")
      return [[name, type === "array" ? ["sh", "-c", command] : command]];
    if (!required.includes(name)) return [];
    return [[name, type === "boolean" ? false : type === "number" || type === "integer" ? 1 : "scripted"]];
  });
  return Object.fromEntries(args);
}

/** OpenAI's chat completions. */
const chatCompletions: Dialect = {
  path: /\/chat\/completions/,
  tools: ({ tools }) => recordsIn(tools).flatMap((tool) => toolOf(recordOf(tool.function), "parameters")),
  frames(answer, id) {
    const chunk = (delta: Json, finish_reason: string | null = null): Frame => ({
      data: {
        id: `chat-${id}`,
        object: "chat.completion.chunk",
        created: 1,
        model: "mock",
        choices: [{ index: 0, delta, finish_reason }],
      },
    });
    const said =
      answer.kind === "text"
        ? chunk({ content: answer.text })
        : chunk({
            tool_calls: [
              {
                index: 0,
                id: `call-${id}`,
                type: "function",
                function: { name: answer.name, arguments: JSON.stringify(answer.args) },
              },
            ],
          });
    return [
      chunk({ role: "assistant", content: "" }),
      said,
      chunk({}, answer.kind === "text" ? "stop" : "tool_calls"),
      { data: "[DONE]" },
    ];
  },
};

/** OpenAI's responses. */
const responses: Dialect = {
  path: /\/responses(?:\?|$)/,
  tools: ({ tools }) =>
    recordsIn(tools)
      .flatMap((tool) => (tool.type === "namespace" ? recordsIn(tool.tools) : [tool]))
      .flatMap((tool) => toolOf(tool, "parameters")),
  frames(answer, id) {
    const item =
      answer.kind === "text"
        ? {
            type: "message",
            id: `msg-${id}`,
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: answer.text, annotations: [] }],
          }
        : {
            type: "function_call",
            id: `item-${id}`,
            call_id: `call-${id}`,
            name: answer.name,
            arguments: JSON.stringify(answer.args),
            status: "completed",
          };
    const response = { id: `resp-${id}`, object: "response", created_at: 1, model: "mock" };
    const usage = {
      input_tokens: 1,
      output_tokens: 1,
      total_tokens: 2,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    };
    return typed([
      { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
      { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress" } },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { ...response, status: "completed", output: [item], usage } },
    ]);
  },
};

/** Anthropic's messages. */
const messages: Dialect = {
  path: /\/messages(?:\?|$)/,
  tools: ({ tools }) => recordsIn(tools).flatMap((tool) => toolOf(tool, "input_schema")),
  frames(answer, id) {
    const isText = answer.kind === "text";
    const block = isText
      ? { type: "text", text: "" }
      : { type: "tool_use", id: `toolu_${id}`, name: answer.name, input: {} };
    const delta = isText
      ? { type: "text_delta", text: answer.text }
      : { type: "input_json_delta", partial_json: JSON.stringify(answer.args) };
    const usage = { input_tokens: 1, output_tokens: 1 };
    const message = {
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      model: "mock",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    return typed([
      { type: "message_start", message },
      { type: "content_block_start", index: 0, content_block: block },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: isText ? "end_turn" : "tool_use", stop_sequence: null },
        usage: { output_tokens: 1 },
      },
      { type: "message_stop" },
    ]);
  },
};

/** Google's generateContent. */
const generateContent: Dialect = {
  path: /:(?:stream)?generateContent/i,
  tools: ({ tools }) =>
    recordsIn(tools)
      .flatMap(({ functionDeclarations }) => recordsIn(functionDeclarations))
      .flatMap((tool) =>
        toolOf(tool, tool.parametersJsonSchema === undefined ? "parameters" : "parametersJsonSchema"),
      ),
  frames(answer, id) {
    const part =
      answer.kind === "text"
        ? { text: answer.text }
        : { functionCall: { id: `call-${id}`, name: answer.name, args: answer.args } };
    const candidate = { index: 0, content: { role: "model", parts: [part] }, finishReason: "STOP" };
    return [
      {
        data: {
          candidates: [candidate],
          usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
        },
      },
    ];
  },
};

const dialects = [chatCompletions, responses, messages, generateContent];

/** Frames that say their type twice: as the event's name too. */
function typed(events: readonly (Json & { readonly type: string })[]): Frame[] {
  return events.map((data) => ({ event: data.type, data }));
}

function toolOf(tool: Json, schemaKey: string): Tool[] {
  return typeof tool.name === "string" ? [{ name: tool.name, schema: recordOf(tool[schemaKey]) }] : [];
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}

function recordsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function recordIn(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
