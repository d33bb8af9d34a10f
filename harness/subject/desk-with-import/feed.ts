/**
 * What an agent prints, in the words of the desk.
 */
export interface FeedItem {
  readonly what:
    | "asked"
    | "opened"
    | "spoke"
    | "tool-begun"
    | "tool-over"
    | "settled"
    | "trouble"
    | "gap"
    | "raw";
  readonly words?: string;
  /** The agent's own name for the conversation. */
  readonly thread?: string;
  /** Of a tool: the call's id, the tool's name, what it was given. */
  readonly ref?: string;
  readonly tool?: string;
  readonly given?: unknown;
  readonly bad?: boolean;
  /** Of a gap: the bytes that are lost. */
  readonly bytes?: { readonly fromByte: number; readonly toByte: number };
}

const whats: Readonly<Record<string, FeedItem["what"]>> = {
  "run.started": "opened",
  "assistant.text": "spoke",
  "tool.call": "tool-begun",
  "tool.result": "tool-over",
  "run.completed": "settled",
  "run.failed": "settled",
};

/** One line of an agent as an item of the feed. */
export function itemOf(line: string): FeedItem {
  const event = parse(line);
  const words = textOf(event.text) ?? textOf(event.content);
  const what = whats[textOf(event.type) ?? ""];
  if (what === undefined) return { what: "raw", words: line };
  return {
    what,
    ...(words === undefined ? {} : { words }),
    ...(what === "opened" && typeof event.sessionId === "string" ? { thread: event.sessionId } : {}),
    ...(typeof event.id === "string" ? { ref: event.id } : {}),
    ...(typeof event.name === "string" ? { tool: event.name } : {}),
    ...(event.input === undefined ? {} : { given: event.input }),
    ...(event.isError === undefined ? {} : { bad: event.isError === true }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === "object" && event !== null ? { ...event } : {};
  } catch {
    return {};
  }
}
