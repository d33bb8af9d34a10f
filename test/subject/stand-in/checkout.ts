/** A folder that looks like an installed checkout, with the small server of our own in the place of the real one. */
import { cp, mkdir, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export async function makeCheckout(dir: string): Promise<string> {
  await mkdir(join(dir, "server"), { recursive: true });
  await mkdir(join(dir, "node_modules"));
  await cp(fileURLToPath(new URL("./server.ts", import.meta.url)), join(dir, "server", "index.ts"));
  const tsx = dirname(createRequire(import.meta.url).resolve("tsx/package.json"));
  await symlink(tsx, join(dir, "node_modules", "tsx"));
  await cp(join(tsx, "LICENSE"), join(dir, "LICENSE"));
  return dir;
}
