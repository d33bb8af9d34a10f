/**
 * What a former server wrote after its successor had taken over.
 *
 * Always: it is evidence of a second writer, shown with the sessions that it names; it is never history.
 */
import type { Damage } from "../model/fact.ts";
import type { Context } from "./context.ts";

/** Late writes that name a session, as damage of our own journal. */
export function lateDamage(context: Context, sessionId: string): Damage[] {
  return context.late
    .filter(({ text }) => text.includes(sessionId))
    .map(({ path, range, generation, text }) => {
      const type = /^j1\t[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*\t("[^"\t]{1,100}")\t/.exec(text)?.[1];
      const what = type === undefined ? "Bytes that are no whole record" : `A record ${type}`;
      const detail = `${what}: the server of generation ${generation} wrote it after another had taken over. It does not count.`;
      return { code: "late-write", path, range, detail };
    });
}

/** Looks again: a server that was only paused may have written since. */
export async function lookForLateWrites(context: Context): Promise<void> {
  const known = new Set(context.late.map(placeOf));
  const found = (await context.lateWrites()).filter((late) => !known.has(placeOf(late)));
  if (found.length > 0) context.late = [...context.late, ...found];
}

function placeOf({ path, range }: Context["late"][number]): string {
  return `${path}:${range.fromByte}`;
}
