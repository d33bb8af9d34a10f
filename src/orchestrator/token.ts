/**
 * The token that whoever changes state must show: made once, in a file that its owner alone can read.
 */
import { replaceAtomically } from "../journal/index.ts";
import { HoldfastError } from "../model/error.ts";
import type { World } from "../model/ports.ts";

const tokenBytesMax = 256;

/**
 * Reads the token at `path`, or makes one there.
 *
 * @throws HoldfastError `bad-argument` for a file that holds no token.
 */
export async function readOrMakeToken(world: World, path: string): Promise<string> {
  const existing = await readToken(world, path);
  if (existing !== undefined) return existing;
  const made = `${world.ids.next()}${world.ids.next()}${world.ids.next()}`;
  // Whole or not at all: half a token would keep every later start from beginning.
  await replaceAtomically(world.files, path, new TextEncoder().encode(`${made}\n`));
  // Another server may have been faster.
  return (await readToken(world, path)) ?? made;
}

/** undefined when there is no such file. */
async function readToken(world: World, path: string): Promise<string | undefined> {
  const file = await world.files.openRead(path);
  if (file === undefined) return undefined;
  const bytes = await file.read(0, tokenBytesMax);
  await file.close();
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
