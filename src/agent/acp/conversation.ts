/**
 * Our side of an ACP conversation of one attempt: what is to be said next, from what the agent has said so far.
 *
 * Always: a pure fold over the agent's lines, so that a server that comes later knows what its predecessor knew.
 * Never: it writes nothing; whoever does keeps on record what was said. The agent is offered neither files nor
 * terminals of ours, so what it asks of that kind is refused.
 */
import type {
  InitializeRequest,
  NewSessionRequest,
  PromptRequest,
  RequestPermissionResponse,
} from "@agentclientprotocol/sdk";
import { isRecord } from "../../model/json.ts";
import type { Ask, Conversing, Opening, Outgoing } from "../contract.ts";
import { idCharsMax } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import { askOf, messageOf, requestIds } from "./wire.ts";

const protocolVersion = 1;
/** Of what an agent asks so much is kept, the latest: before that it has its answers, or will not get them. */
const asksMax = 1_000;

export class Conversation implements Conversing {
  readonly asks: Ask[] = [];
  isOver = false;
  readonly #opening: Opening;
  readonly #due: Outgoing[] = [];
  readonly #proven = new Set<string>();

  constructor(opening: Opening) {
    this.#opening = opening;
    const params: InitializeRequest = { protocolVersion, clientCapabilities: {} };
    this.#request("initialize", "initialize", params);
  }

  /** In order; each is said once, by its key. */
  get due(): readonly Outgoing[] {
    return this.#due;
  }

  hear(line: string): void {
    const message = messageOf(line);
    if (message === undefined) return;
    if (typeof message.method === "string") {
      // Nothing is told of a session before its prompt but what it offers.
      if (message.method !== "session/update" || isWork(message)) this.#proven.add("prompt");
      this.#asked(message.method, message);
      return;
    }
    for (const [key, id] of Object.entries(requestIds)) if (message.id === id) this.#proven.add(key);
    this.#answered(message);
  }

  isProven(key: string): boolean {
    return this.#proven.has(key);
  }

  answer({ requestId }: Ask, optionId: string): Outgoing {
    const result: RequestPermissionResponse = { outcome: { outcome: "selected", optionId } };
    return reply(requestId, { result });
  }

  #answered({ id, result, error }: RecordValue): void {
    if (error !== undefined) this.isOver = true;
    else if (id === requestIds.initialize) {
      const params: NewSessionRequest = { cwd: this.#opening.cwd, mcpServers: [] };
      this.#request("session", "session/new", params);
    } else if (id === requestIds.session && isRecord(result) && typeof result.sessionId === "string") {
      const prompt: PromptRequest["prompt"] = [{ type: "text", text: this.#opening.prompt }];
      this.#request("prompt", "session/prompt", { sessionId: result.sessionId, prompt });
    } else if (id === requestIds.prompt) this.isOver = true;
  }

  #asked(method: string, message: RecordValue): void {
    const { id } = message;
    // Of no request, or one that nobody can be answered by.
    if (typeof id !== "number" && (typeof id !== "string" || id.length > idCharsMax)) return;
    const ask = method === "session/request_permission" ? askIn(message) : undefined;
    if (ask !== undefined && !this.asks.some(({ requestId }) => requestId === ask.requestId))
      this.asks.push(ask);
    if (this.asks.length > asksMax) this.asks.shift();
    if (ask !== undefined) return;
    const error = { code: -32601, message: "This client does not offer that." };
    this.#due.push(reply(JSON.stringify(id), { error }));
    const isReply = ({ isRepeatable }: Outgoing) => isRepeatable;
    if (this.#due.filter(isReply).length > asksMax) this.#due.splice(this.#due.findIndex(isReply), 1);
  }

  #request(key: keyof typeof requestIds, method: string, params: object): void {
    if (this.#due.some((one) => one.key === key)) return;
    const line = JSON.stringify({ jsonrpc: "2.0", id: requestIds[key], method, params });
    this.#due.push({ key, line, isRepeatable: false });
  }
}

const work = ["agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan"];

function isWork({ params }: RecordValue): boolean {
  if (!isRecord(params) || !isRecord(params.update)) return false;
  const { sessionUpdate } = params.update;
  return typeof sessionUpdate === "string" && work.includes(sessionUpdate);
}

function askIn(message: RecordValue): Ask | undefined {
  try {
    return askOf(message);
  } catch {
    return undefined;
  }
}

/** An agent that has its answer already takes no notice of a second one to the same number. */
function reply(requestId: string, outcome: object): Outgoing {
  const id: unknown = JSON.parse(requestId);
  return {
    key: `reply ${requestId}`,
    line: JSON.stringify({ jsonrpc: "2.0", id, ...outcome }),
    isRepeatable: true,
  };
}
