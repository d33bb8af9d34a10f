/**
 * Whom damage of our own journal concerns: the sessions that are named in the damaged bytes; where none can be read there,
 * those that have records in the same segment; where there are none, all.
 *
 * Always: damage of which nothing can be read concerns somebody as well; a segment that the disk does not give is no
 * reason not to start.
 * Never: more of a file than the damaged bytes is read, nor a piece that is larger than a record may be.
 */
import { type JournalHistory, recordBytesMaxDefault } from "../journal/index.ts";
import type { Damage } from "../model/fact.ts";
import { IoError } from "../model/ports.ts";
import type { Context } from "./context.ts";
import { gapAt } from "./gaps.ts";

/**
 * Damage by session; says in the context where others may be hidden, too.
 *
 * @param restored sessions that were taken back from copies: what names nobody was theirs.
 */
export async function damageBySession(
  context: Context,
  { damage: all }: JournalHistory,
  restored: readonly string[],
): Promise<Map<string, Damage[]>> {
  const found = new Map<string, Damage[]>();
  if (all.length === 0) return found;
  const sessions = context.state.sessions.values();
  const lost = sessions.map(({ id }) => id).filter((id) => restored.includes(id));
  const gaps = [...context.gaps];
  for (const damage of all) {
    const text = await textOf(context, damage);
    const named = text === undefined ? [] : namedIn(text, (id) => context.state.sessions.has(id));
    if (named.length === 0 || text === undefined || !isOneRecord(text))
      gaps.push(gapAt(damage.path, damage.code === "log-missing"));
    const near = () => sessions.filter(({ segments }) => segments.has(damage.path)).map(({ id }) => id);
    const concerned = [named, lost, near()].find((ids) => ids.length > 0) ?? sessions.map(({ id }) => id);
    for (const id of concerned) {
      const own = found.get(id);
      if (own === undefined) found.set(id, [damage]);
      else own.push(damage);
    }
  }
  context.gaps = gaps;
  return found;
}

/** The damaged bytes, a character each; undefined where they cannot be read, or are more than a record. */
async function textOf(context: Context, { path, range }: Damage): Promise<string | undefined> {
  if (range.toByte - range.fromByte > recordBytesMaxDefault) return undefined;
  try {
    const file = await context.world.files.openRead(path);
    if (file === undefined) return undefined;
    try {
      return new TextDecoder("latin1").decode(await file.read(range.fromByte, range.toByte));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return undefined;
  }
}

/** At every place where an id of ours could stand, also where what stands before it is damaged. */
function namedIn(text: string, isOurs: (id: string) => boolean): string[] {
  const named = new Set<string>();
  for (const [, id = ""] of text.matchAll(/(?=([0-9a-f]{16}))/g)) if (isOurs(id)) named.add(id);
  return [...named];
}

/** By the length that it states, where that can be read: nothing else is hidden in these bytes. */
function isOneRecord(bytes: string): boolean {
  const [head, length] = /^j1\t[0-9a-f]{8}\t([1-9]\d{0,8})\t/.exec(bytes) ?? [];
  return head !== undefined && head.length + Number(length) + 1 === bytes.length;
}
