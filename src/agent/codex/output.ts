/**
 * What a tool of Codex answered: the text without the lines that Codex puts around it, and whether it failed.
 *
 * The stream shows the bare output of a command, the rollout what the model gets; without the frame they are equal.
 * Always: a text that has no known frame is taken as it is; one that Codex shortened keeps its beginning and is `cut`.
 * Never: what Codex itself puts in the place of an answer is taken for the tool's: see {@link isStandIn}.
 */
import { isRecord } from "../../model/json.ts";
import { parse, textOfBlocks, textOr } from "../resume-decode.ts";

export interface Output {
  readonly content: string;
  readonly isError: boolean;
  readonly cut: boolean;
}

const frame =
  /^(?:Chunk ID: [^\n]*\n)?(?:Exit code: (-?\d+)\n)?Wall time: [^\n]*\n(?:Process exited with code (-?\d+)\n)?(Process running with session ID [^\n]*\n)?(?:(?:Original token count|Total output lines): \d+\n)*Output:\n/;
const shortening = /\n?(?:\[\.\.\. omitted [^\n]*|…\s?-?\d+ (?:tokens|chars|lines) truncated…)/;
const stopped = /^(?:aborted|execution error|exec_command failed)/i;

const standIn = /^(?:Wall time: [\d.]+ seconds\n)?aborted(?: by user(?: after [\d.]+s)?)?$/;

/** Codex's own words for a call that it stopped: how far the tool came until then, nobody recorded. */
export function isStandIn(value: unknown): boolean {
  return standIn.test(textOfBlocks(isRecord(value) ? (value.content ?? value.output) : value));
}

/** @param value `output` of a `function_call_output` or of its kin. */
export function outputOf(value: unknown): Output {
  if (isRecord(value)) {
    const { content, isError } = outputOf(value.content ?? value.output);
    return unshortened(content, isError || value.success === false);
  }
  const text = textOfBlocks(value);
  const older = parseOlder(text);
  if (older !== undefined) return unshortened(older.text, older.code !== 0);
  const framed = frame.exec(text);
  if (framed === null) return unshortened(text, stopped.test(text));
  const code = Number(framed[1] ?? framed[2] ?? 0);
  const output = unshortened(text.slice(framed[0].length), code !== 0);
  // A command that runs on has answered, but not with its last word.
  return framed[3] === undefined ? output : { ...output, cut: true };
}

function parseOlder(text: string): { text: string; code: number } | undefined {
  if (!text.startsWith('{"output"')) return undefined;
  const value = parse(text);
  if (!isRecord(value) || !isRecord(value.metadata)) return undefined;
  const { exit_code: code } = value.metadata;
  return { text: textOr(value.output, ""), code: typeof code === "number" ? code : 0 };
}

function unshortened(content: string, isError: boolean): Output {
  const mark = shortening.exec(content);
  if (mark === null) return { content, isError, cut: false };
  return { content: content.slice(0, mark.index), isError, cut: true };
}
