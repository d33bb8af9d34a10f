/**
 * The token that whoever changes state must show: made once, in a file that its owner alone can read.
 */
import { HoldfastError } from "../model/error.ts";
import type { World } from "../model/ports.ts";

const tokenBytesMax = 256;

/**
 * Reads the token at `path`, or makes one there.
 *
 * @throws HoldfastError `bad-argument` for a file that holds no token.
 */
export async function readOrMakeToken(world: World, path: string): Promise<string> {
  const made = `${world.ids.next()}${world.ids.next()}${world.ids.next()}`;
  const file = await world.files.createExclusive(path);
  if (file !== undefined) {
    await file.append(new TextEncoder().encode(`${made}\n`));
    await file.sync();
    await file.close();
    return made;
  }
  const existing = await world.files.openRead(path);
  const bytes = await existing?.read(0, tokenBytesMax);
  await existing?.close();
  const token = new TextDecoder().decode(bytes).trim();
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  throw new HoldfastError(
    "bad-argument",
    `The token file ${path} does not hold a token of at least 16 printable characters. Delete it to get a new one.`,
  );
}

/** Compares without telling by its duration how much was right. */
export function sameToken(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= left.charCodeAt(index) ^ (right.charCodeAt(index % Math.max(1, right.length)) || 0);
  }
  return difference === 0;
}
