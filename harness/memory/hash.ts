/** Fast hashes of content, to tell states apart. Not able to: withstand somebody who wants two to be equal. */

const known = new WeakMap<Uint8Array, number>();

/** 53 bits of the bytes; remembered by the array, which must not change afterwards. */
export function hashOfBytes(bytes: Uint8Array): number {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    high = Math.imul(high ^ byte, 2654435761);
    low = Math.imul(low ^ byte, 1597334677);
  }
  const hash = joined(high, low);
  known.set(bytes, hash);
  return hash;
}

/** 53 bits of a text. */
export function hashOfText(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  return joined(high, low);
}

function joined(high: number, low: number): number {
  const left = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  const right = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & right) + (left >>> 0);
}
