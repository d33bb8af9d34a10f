/** A folder that looks like an installed checkout, with the small server of our own in the place of the real one. */
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** `edit` changes the server's source on the way. */
export async function makeCheckout(
  dir: string,
  edit: (source: string) => string = (source) => source,
): Promise<string> {
  await mkdir(join(dir, "server"), { recursive: true });
  await mkdir(join(dir, "node_modules"));
  const source = await readFile(fileURLToPath(new URL("./server.ts", import.meta.url)), "utf8");
  await writeFile(join(dir, "server", "index.ts"), edit(source));
  const tsx = dirname(createRequire(import.meta.url).resolve("tsx/package.json"));
  await symlink(tsx, join(dir, "node_modules", "tsx"));
  await cp(join(tsx, "LICENSE"), join(dir, "LICENSE"));
  return dir;
}
