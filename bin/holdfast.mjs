#!/usr/bin/env node
// A package is built before it is packed: what was built starts four times sooner than what tsx has to load. In a
// checkout, where nothing is built, the sources are the command.
import { existsSync } from "node:fs";

const built = new URL("../dist/src/cli/holdfast.js", import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  const { register } = await import("tsx/esm/api");
  register();
  await import("../src/cli/holdfast.ts");
}
