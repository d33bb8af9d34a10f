/**
 * Text for a terminal: colours where they are wanted, and nothing that a stranger's text could do to it.
 *
 * Always: control characters of what agents wrote are replaced before anything is printed.
 */

export type Tone = "good" | "warn" | "bad" | "dim" | "bold" | "plain";

const codes: Readonly<Record<Tone, readonly [number, number] | undefined>> = {
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
  plain: undefined,
};

export type Paint = (tone: Tone, text: string) => string;

/** Colours the text, or leaves it as it is. */
export function paintOf(hasColours: boolean): Paint {
  return (tone, text) => {
    const code = codes[tone];
    return code === undefined || !hasColours ? text : `\u001b[${code[0]}m${text}\u001b[${code[1]}m`;
  };
}

/** One line of a stranger's text, at most `charsMax` long. */
export function clean(text: string, charsMax = 400): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]+/gu, " ").trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1)}…`;
}

/** A cell of a table. */
export interface TextCell {
  readonly text: string;
  readonly tone?: Tone;
}

/** Rows under one another, columns as wide as their widest cell; the last one is not filled up. */
export function tableOf(rows: readonly (readonly TextCell[])[], paint: Paint): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length);
  }
  return rows.map((row) => {
    const cells = row.map(({ text, tone }, at) => {
      const isLast = at === row.length - 1;
      const fill = isLast ? "" : " ".repeat((widths[at] ?? 0) - text.length);
      return `${paint(tone ?? "plain", text)}${fill}`;
    });
    return cells.join("  ").trimEnd();
  });
}
