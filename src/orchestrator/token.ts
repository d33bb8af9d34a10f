/**
 * The token that whoever changes state must show: made once, in a file that its owner alone can read.
 *
 * Always: the token of a server is the one in the file, also where two servers make it at the same moment; a file that
 * others can read or write, or have put there, is no token.
 */
import { createAtomically } from "../journal/index.ts";
import { HoldfastError } from "../model/error.ts";
import type { ReadFile, World } from "../model/ports.ts";

const tokenBytesMax = 256;

/**
 * Reads the token at `path`, or makes one there.
 *
 * @throws HoldfastError `bad-argument` for a file that holds no token, or one that others may know.
 */
export async function readOrMakeToken(world: World, path: string): Promise<string> {
  if (!path.startsWith("/"))
    throw new HoldfastError("bad-argument", `The token file "${path}" must be an absolute path.`);
  const existing = await readToken(world, path);
  if (existing !== undefined) return existing;
  const made = `${world.ids.next()}${world.ids.next()}${world.ids.next()}`;
  // Whole or not at all: half a token would keep every later start from beginning.
  await createAtomically(world.files, path, new TextEncoder().encode(`${made}\n`));
  // Another server may have been faster.
  const kept = await readToken(world, path);
  if (kept !== undefined) return kept;
  throw unusable(path, "is no regular file", "Remove it to get a new one");
}

/** undefined when there is no regular file. */
async function readToken({ files }: World, path: string): Promise<string | undefined> {
  if (await files.isLink?.(path))
    throw unusable(path, "is a link", "Name the file itself, or remove the link");
  const file = await files.openRead(path);
  if (file === undefined) return undefined;
  try {
    return await tokenIn(file);
  } finally {
    await file.close();
  }
}

async function tokenIn(file: ReadFile): Promise<string> {
  const { path } = file;
  if (file.ours === false) throw unusable(path, "belongs to another user", "Remove it to get a new one");
  if (file.ownerOnly === false)
    throw unusable(
      path,
      "can be read or written by other users",
      `Delete it to get a new one; or, if nobody has seen it, allow it to its owner alone: chmod 600 ${path}`,
    );
  // One byte more, so that of a longer file it is not the beginning that counts.
  const bytes = await file.read(0, tokenBytesMax + 1);
  const token = new TextDecoder().decode(bytes).trim();
  if (bytes.length <= tokenBytesMax && /^[\x21-\x7e]{16,}$/.test(token)) return token;
  throw unusable(
    path,
    `does not hold a token of at least 16 printable characters, at most ${tokenBytesMax} bytes in all`,
    "Delete it to get a new one",
  );
}

function unusable(path: string, why: string, wayOut: string): HoldfastError {
  return new HoldfastError("bad-argument", `The token file ${path} ${why}. ${wayOut}.`);
}

/** Compares without telling by its duration how much was right. */
export function sameToken(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= left.charCodeAt(index) ^ (right.charCodeAt(index % Math.max(1, right.length)) || 0);
  }
  return difference === 0;
}
