/**
 * What a caller wants recorded, checked before anything of it is written.
 *
 * Always: a draft is plain JSON as it was at the moment of the call, and its line is no longer than a record may be.
 */
import { HoldfastError } from "../model/error.ts";
import { isObject, type RecordDraft } from "./record.ts";

/** Checks what a caller wants recorded. @throws HoldfastError `bad-argument`. */
export function draftRecord(
  type: string,
  data: Readonly<Record<string, unknown>>,
  recordBytesMax: number,
): RecordDraft {
  const dataJson: unknown = isObject(data) ? stringify(type, data) : undefined;
  if (typeof dataJson !== "string" || !dataJson.startsWith("{")) {
    throw new HoldfastError(
      "bad-argument",
      `The data of a "${type}" record is no JSON object. Pass a plain object.`,
    );
  }
  const draft = { type, dataJson };
  // The exact length is only worth its price near the limit.
  const tooLong =
    lineBytesAtMost(draft) > recordBytesMax &&
    new TextEncoder().encode(dataJson + JSON.stringify(type)).length > recordBytesMax - lineOverheadBytesMax;
  if (tooLong) {
    const message = `A "${type.slice(0, 100)}" record would be longer than ${recordBytesMax} bytes. Record a shortened value and where the whole one is.`;
    throw new HoldfastError("bad-argument", message);
  }
  return draft;
}

/** The line of a record is never longer: a UTF-16 unit takes at most three bytes. */
export function lineBytesAtMost({ type, dataJson }: RecordDraft): number {
  return (dataJson.length + type.length * 2) * 3 + lineOverheadBytesMax;
}

/** Mark, checksum, length, numbers and tabs of a line are never longer. */
const lineOverheadBytesMax = 128;

function stringify(type: string, data: object): string {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    const message = `The data of a "${type}" record cannot be written as JSON. Pass plain JSON.`;
    throw new HoldfastError("bad-argument", message, { cause });
  }
}
