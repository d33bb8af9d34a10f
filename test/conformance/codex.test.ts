import { codex } from "../../src/agent/codex.ts";
import { codexFixtures } from "./codex.ts";
import { conformance } from "./conformance.ts";

conformance(codex, codexFixtures);
