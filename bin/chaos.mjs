#!/usr/bin/env node
// The harness is shipped as the TypeScript that it bundles and starts; tsx loads it.
import { register } from "tsx/esm/api";

register();
await import("../harness/cli.ts");
