import { claudeCode } from "../../src/agent/claude-code.ts";
import { claudeCodeFixtures } from "./claude-code.ts";
import { conformance } from "./conformance.ts";

conformance(claudeCode, claudeCodeFixtures);
