/** The database engine is loaded with the first image and not before: a server's start does not pay for it. */
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const program = `
import Module from "node:module";
import { adapters } from "./src/agent/index.ts";
import { hostDatabases } from "./src/host/databases.ts";
const loaded = () => Object.keys(Module._cache).some((path) => path.includes("sql-wasm"));
const databases = hostDatabases();
const before = loaded();
await databases.open(new Uint8Array(0)).then((database) => database.close());
console.log(JSON.stringify({ agents: Object.keys(adapters).length, before, after: loaded() }));
`;

test("nothing of it is there before the first image", async () => {
  const { stdout } = await execa(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", program],
    { cwd: join(import.meta.dirname, "../../.."), env: { PATH: process.env.PATH }, extendEnv: false },
  );
  expect(JSON.parse(stdout)).toEqual({ agents: 7, before: false, after: true });
});
