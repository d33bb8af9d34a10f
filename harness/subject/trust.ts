/**
 * Whose code a replay runs: that of the command line, never that of an artifact alone.
 *
 * An artifact may have been sent by anybody, and its subject can be a file or a checkout: to load it is to execute it.
 * Always: our own subjects need no word; a file or a checkout is executed only where the command line names it; the
 * command that a report prints names it.
 */
import { isOurs, readSpec, subjectSpec } from "./load.ts";

/** What the command line names. */
export interface Named {
  readonly subject?: string;
  readonly checkout?: string;
}

/**
 * The subject of a replay, or one sentence why the artifact's is not run.
 *
 * @param stored what the artifact says.
 * @example
 * replaySubject("reference", {}); // { spec: "reference" }
 * replaySubject("./mine.ts", {}); // { refusal: "… add --subject ./mine.ts …" }
 */
export function replaySubject(
  stored: string,
  { subject, checkout }: Named,
): { readonly spec: string } | { readonly refusal: string } {
  if (subject !== undefined) return { spec: subjectSpec(subject, checkout) };
  const { name, options } = readSpec(stored);
  const isTrusted = isOurs(name) && (options.checkout === undefined || checkout !== undefined);
  if (isTrusted) return { spec: subjectSpec(name, checkout) };
  const what = isOurs(name) ? `a checkout, ${options.checkout},` : `a file, ${name},`;
  const asked = isOurs(name) ? ["--checkout", options.checkout ?? ""] : namedBy(stored);
  return {
    refusal: `The artifact names ${what} whose code a replay executes. If you trust it, say so: add ${asked.map(quoted).join(" ")} to the command.`,
  };
}

/**
 * The command that replays an artifact of this subject.
 *
 * @example
 * replayCommand("out/plan-0", "./mine.ts"); // "pnpm chaos replay out/plan-0 --subject ./mine.ts"
 */
export function replayCommand(artifact: string, spec: string): string {
  return ["pnpm chaos replay", quoted(artifact), ...namedBy(spec).map(quoted)].join(" ");
}

/** Arguments that name the subject, as far as an artifact's word for it is not enough. */
function namedBy(spec: string): readonly string[] {
  const { name, options } = readSpec(spec);
  return [
    ...(isOurs(name) ? [] : ["--subject", name]),
    ...(options.checkout === undefined ? [] : ["--checkout", options.checkout]),
  ];
}

/** As one word for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
