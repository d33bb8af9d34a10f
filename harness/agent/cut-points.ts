/**
 * Where a line is cut into separate writes.
 *
 * Always: pure; ascending, inside the line. Where there are multi-byte characters, some cuts are inside them.
 */

/** `variation` and `turn` move the cut that is not bound to a character. */
export function cutPoints(bytes: Uint8Array, variation: readonly number[], turn: number): number[] {
  const inside: number[] = [];
  for (const [index, byte] of bytes.entries()) {
    if (byte >= 0x80 && byte <= 0xbf) inside.push(index);
  }
  const number = variation[turn % Math.max(1, variation.length)] ?? 0;
  const share = ((number * 7 + turn * 13) % 97) / 97;
  const cuts = [
    inside.at(0),
    inside.at(Math.floor(inside.length * share)),
    inside.at(-1),
    Math.floor(bytes.length * share),
    bytes.length - 1,
  ];
  const valid = cuts.filter((cut) => cut !== undefined && cut > 0 && cut < bytes.length);
  return [...new Set(valid)].sort((a, b) => Number(a) - Number(b)) as number[];
}
