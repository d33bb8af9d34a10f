/**
 * A plan as text that looks like a unified diff.
 *
 * Always: pure; what agents wrote is cleaned of control characters; long lines and long changes are shortened, and
 * said to be.
 */
import type { RepairPlan, RepairStep } from "./plan.ts";

const contextLines = 3;
const changedLinesMax = 400;
const lineCharsMax = 240;

/** The steps of a plan, line by line. */
export function diffLines({ steps }: RepairPlan): string[] {
  return steps.flatMap((step) => [
    `# ${step.why}`,
    ...(step.kind === "replace" ? replaceLines(step) : endLineLines(step)),
  ]);
}

function replaceLines({ path, bytes, original }: Extract<RepairStep, { kind: "replace" }>): string[] {
  const before = original === undefined ? [] : linesOf(original);
  const after = linesOf(bytes);
  const head = [`--- ${original === undefined ? "/dev/null" : clean(path)}`, `+++ ${clean(path)}`];
  return [...head, ...hunk(before, after)];
}

/** One hunk: what lies between the lines that are equal at both ends. */
function hunk(before: readonly string[], after: readonly string[]): string[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - contextLines);
  const removed = before.slice(head, before.length - tail);
  const added = after.slice(head, after.length - tail);
  const behind = before.slice(before.length - tail, before.length - tail + contextLines);
  const counts = [head - from + removed.length + behind.length, head - from + added.length + behind.length];
  return [
    `@@ -${from + 1},${counts[0]} +${from + 1},${counts[1]} @@`,
    ...marked(" ", before.slice(from, head)),
    ...marked("-", removed),
    ...marked("+", added),
    ...marked(" ", behind),
  ];
}

function marked(mark: string, lines: readonly string[]): string[] {
  const shown = lines.slice(0, changedLinesMax).map((line) => `${mark}${clean(line)}`);
  const more = lines.length - shown.length;
  return more === 0 ? shown : [...shown, `${mark}… and ${more} more lines`];
}

function endLineLines({ path, fromByte, toByte }: Extract<RepairStep, { kind: "end-line" }>): string[] {
  return [
    `--- ${clean(path)}`,
    `+++ ${clean(path)}`,
    `@@ bytes ${fromByte} to ${toByte}, the end of the file @@`,
    ` … ${toByte - fromByte} bytes without a newline`,
    "+ … a newline; the bytes before it stay, and are copied aside",
  ];
}

function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder().decode(bytes).split("\n");
}

function clean(line: string): string {
  const plain = line.replace(/[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]/gu, "\ufffd");
  return plain.length <= lineCharsMax ? plain : `${plain.slice(0, lineCharsMax - 1)}…`;
}
