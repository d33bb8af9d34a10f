/**
 * Two ways to lay sequences side by side: in pairs that keep the order of both, and as one merged order.
 *
 * Always: pure and total; the order within each sequence is kept.
 */

/**
 * Pairs members of two sequences without crossing, so that the sum of the scores is the greatest.
 *
 * @param score zero or less: never paired.
 * @returns per member of `left` the index in `right` it is paired with; of equal solutions the earliest pairs.
 * @example alignInOrder(["a", "b"], ["b"], (l, r) => (l === r ? 1 : 0)) // [undefined, 0]
 */
export function alignInOrder<L, R>(
  left: readonly L[],
  right: readonly R[],
  score: (left: L, right: R) => number,
): (number | undefined)[] {
  const width = right.length + 1;
  /** Best sum for the members from (row, column) on. */
  const best = new Float64Array((left.length + 1) * width);
  const gains = new Float64Array(left.length * right.length);
  const at = (row: number, column: number) => best[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      const gain = score(left[row] as L, right[column] as R);
      gains[row * right.length + column] = gain;
      const paired = gain > 0 ? gain + at(row + 1, column + 1) : 0;
      best[row * width + column] = Math.max(paired, at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: (number | undefined)[] = left.map(() => undefined);
  let row = 0;
  let column = 0;
  while (row < left.length && column < right.length) {
    const gain = gains[row * right.length + column] ?? 0;
    if (gain > 0 && at(row, column) === gain + at(row + 1, column + 1)) {
      pairs[row] = column;
      row += 1;
      column += 1;
    } else if (at(row, column) === at(row, column + 1)) column += 1;
    else row += 1;
  }
  return pairs;
}

/**
 * One order for the keys of several sequences. The first sequence stands; a key that a later one adds is put
 * behind the key that it follows there.
 *
 * @example mergeOrders([["a", "c"], ["a", "b", "c"]]) // ["a", "b", "c"]
 */
export function mergeOrders(sequences: readonly (readonly string[])[]): string[] {
  const next = new Map<string, string[]>();
  const known = new Set<string>();
  const first = "";
  for (const sequence of sequences) {
    let previous = first;
    for (const key of sequence) {
      const name = `k${key}`;
      if (!known.has(name)) {
        known.add(name);
        const followers = next.get(previous) ?? [];
        followers.unshift(name);
        next.set(previous, followers);
      }
      previous = name;
    }
  }
  const merged: string[] = [];
  const stack = [first];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (name !== first) merged.push(name.slice(1));
    stack.push(...(next.get(name) ?? []).toReversed());
  }
  return merged;
}
