/** Every adapter with its fixtures cut at every single byte. */
import { ada } from "../../src/agent/ada.ts";
import { claudeCode } from "../../src/agent/claude-code.ts";
import { codex } from "../../src/agent/codex.ts";
import { geminiCli } from "../../src/agent/gemini-cli.ts";
import { opencode } from "../../src/agent/opencode.ts";
import { pi } from "../../src/agent/pi.ts";
import { hostDatabases } from "../../src/host/databases.ts";
import { adaFixtures } from "../conformance/ada.ts";
import { claudeCodeFixtures } from "../conformance/claude-code.ts";
import { codexFixtures } from "../conformance/codex.ts";
import { conformance } from "../conformance/conformance.ts";
import { geminiCliFixtures } from "../conformance/gemini-cli.ts";
import { opencodeFixtures } from "../conformance/opencode.ts";
import { piFixtures } from "../conformance/pi.ts";

const everyByte = true;
conformance(ada, adaFixtures, { everyByte });
conformance(claudeCode, claudeCodeFixtures, { everyByte });
conformance(codex, codexFixtures, { everyByte });
conformance(geminiCli, geminiCliFixtures, { everyByte });
conformance(opencode, opencodeFixtures, { everyByte, around: { databases: hostDatabases() } });
conformance(pi, piFixtures, { everyByte });
