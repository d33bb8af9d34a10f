/**
 * Where a statement comes from: the source, the place in it, and what stood there.
 *
 * Always: a cite can be checked by a stranger. A byte range names the bytes of the file at `path`; a source
 * without bytes (the process table, a probe) says in `value` what was seen.
 * Never: a cite is not a conclusion. Conclusions are findings and cite.
 */

/**
 * The seven witnesses of a run.
 *
 * J our journal · O the spool, i.e. the agent's stdout as bytes · L the agent's event log · S its snapshot or
 * index · P the process table · W workspace probes · C configuration and versions.
 */
export type SourceName = "J" | "O" | "L" | "S" | "P" | "W" | "C";

/** A half-open byte range `[fromByte, toByte)` of a file. */
export interface ByteRange {
  readonly fromByte: number;
  readonly toByte: number;
}

/** One piece of evidence, pointed at. */
export interface Cite {
  readonly source: SourceName;
  /** File the evidence was read from, where the source is a file. */
  readonly path?: string;
  /** Bytes of the record in that file. */
  readonly range?: ByteRange;
  /** Attempt of the session that the evidence belongs to, where known. */
  readonly attempt?: number;
  /** What stood there, shortened to at most {@link citeValueCharsMax} characters. */
  readonly value: string;
}

/** Cites are read by people and stored for ever: they quote, they do not copy. */
export const citeValueCharsMax = 200;

/** Shortens a quoted value to what a cite may hold. */
export function citeValue(text: string): string {
  return text.length <= citeValueCharsMax ? text : `${text.slice(0, citeValueCharsMax - 1)}…`;
}
