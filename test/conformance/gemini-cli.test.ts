import { geminiCli } from "../../src/agent/gemini-cli.ts";
import { conformance } from "./conformance.ts";
import { geminiCliFixtures } from "./gemini-cli.ts";

conformance(geminiCli, geminiCliFixtures);
