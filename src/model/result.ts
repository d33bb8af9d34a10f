/**
 * Texts of tool results: which of several is the best, whether two agree, and how a long one is shortened.
 *
 * Always: a result that is known to be shortened agrees with every whole that it can be a part of; what
 * {@link shortenResult} makes is recognised again, so that a text of ours is never taken for a contradiction.
 * Never: two whole texts that differ do not agree.
 */

/** A result's text as one source has it. */
export interface ResultText {
  readonly content: string;
  readonly isError: boolean;
  readonly cut: boolean;
}

/** Longest result that is handed over whole, in UTF-16 units; of a longer one half of it from either end. */
export const resultCharsMax = 256 * 1024;

const marker = /\n\[Holdfast left out (\d{1,15}) of (\d{1,15}) characters here\.[^\n]{0,4000}\]\n/;

/** Head, a line that says what is missing and where the whole is, tail; the text itself where it is short enough. */
export function shortenResult(content: string, where: string, charsMax = resultCharsMax): string {
  if (content.length <= charsMax) return content;
  const half = Math.floor(charsMax / 2);
  const head = content.slice(0, isLead(content, half - 1) ? half - 1 : half);
  const tailFrom = content.length - half;
  const tail = content.slice(isLead(content, tailFrom - 1) ? tailFrom + 1 : tailFrom);
  const left = content.length - head.length - tail.length;
  const place = where.replace(/[\r\n\]]/g, " ").slice(0, 4000);
  return `${head}\n[Holdfast left out ${left} of ${content.length} characters here. ${place}]\n${tail}`;
}

function isLead(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff;
}

const cutNote = "\n[Holdfast has only this beginning of the result on record.]";

/** Says of a text that only its beginning is known. */
export function noteCut(content: string): string {
  return content.endsWith(cutNote) ? content : `${content}${cutNote}`;
}

/** Is this a text that {@link shortenResult} or {@link noteCut} made? */
export function isShortened(content: string): boolean {
  return content.endsWith(cutNote) || partsOf(content) !== undefined;
}

function partsOf(content: string): { head: string; tail: string; length: number } | undefined {
  const found = marker.exec(content);
  if (found === null) return undefined;
  const head = content.slice(0, found.index);
  const tail = content.slice(found.index + found[0].length);
  const length = Number(found[2]);
  return head.length + tail.length + Number(found[1]) === length ? { head, tail, length } : undefined;
}

/** Can both be texts of one and the same result? */
export function resultsAgree(left: ResultText, right: ResultText): boolean {
  return left.isError === right.isError && textsAgree(left, right);
}

/** As {@link resultsAgree}, the error flag aside. */
export function textsAgree(left: ResultText, right: ResultText): boolean {
  return left.content === right.content || isPartOf(left, right) || isPartOf(right, left);
}

function isPartOf(part: ResultText, whole: ResultText): boolean {
  if (!part.cut) return false;
  const { content } = part;
  const beginning = content.endsWith(cutNote) ? content.slice(0, -cutNote.length) : content;
  if (whole.content.startsWith(beginning)) return true;
  const parts = partsOf(part.content);
  if (parts === undefined) return false;
  const { head, tail, length } = parts;
  if (whole.cut) return head.startsWith(whole.content) || whole.content.startsWith(head);
  return whole.content.length === length && whole.content.startsWith(head) && whole.content.endsWith(tail);
}

/** The one that says most: whole before cut, then the longer; the first of equals. */
export function bestResult<T extends ResultText>(results: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const result of results) {
    if (best === undefined || saysMore(result, best)) best = result;
  }
  return best;
}

function saysMore(left: ResultText, right: ResultText): boolean {
  if (left.cut !== right.cut) return right.cut;
  return left.cut && left.content.length > right.content.length;
}
