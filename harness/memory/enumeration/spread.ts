/** The order in which things are taken of which only so many will be: every n-th first, then what is between. */
export function spread<T>(all: readonly T[], most: number): T[] {
  const stride = Math.max(1, Math.ceil(all.length / Math.max(1, most)));
  return Array.from({ length: stride }, (_, from) => all.filter((__, at) => at % stride === from)).flat();
}
