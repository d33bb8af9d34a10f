/**
 * A short sum of a text, to tell texts apart that need not be kept.
 *
 * Always: pure; equal for equal texts. Never: two different texts are sure to differ; of 2³² pairs one does not.
 */

/** FNV-1a over the UTF-16 units; 32 bits, unsigned. */
export function textSum(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}
