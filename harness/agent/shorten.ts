/**
 * Shortens long strings for the ledger without losing what a check looks for.
 *
 * Always: a string up to `charsMax` is unchanged; every marker (token, call id) that was in it still is.
 */

const charsMax = 4_096;
const endChars = 1_500;

/** Returns a copy of a JSON value in which each long string is `head … [markers from its middle] … tail`. */
export function shortenStrings(value: unknown, markers: readonly string[]): unknown {
  if (typeof value === "string") return shorten(value, markers);
  if (Array.isArray(value)) return value.map((item) => shortenStrings(item, markers));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shortenStrings(item, markers)]));
}

/** One string of {@link shortenStrings}. */
export function shorten(text: string, markers: readonly string[]): string {
  if (text.length <= charsMax) return text;
  const head = text.slice(0, endChars);
  const tail = text.slice(-endChars);
  const kept = markers
    .filter((marker) => text.includes(marker) && !head.includes(marker) && !tail.includes(marker))
    .sort((a, b) => text.indexOf(a) - text.indexOf(b));
  const left = text.length - 2 * endChars;
  return `${head} … [${left} characters left out${kept.map((marker) => ` … ${marker}`).join("")}] … ${tail}`;
}
