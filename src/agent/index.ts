/** The agents that Holdfast knows, by kind. */
import { acp } from "./acp.ts";
import { ada } from "./ada.ts";
import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import type { AgentAdapter } from "./contract.ts";
import { geminiCli } from "./gemini-cli.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";

export const adapters: Readonly<Record<string, AgentAdapter>> = {
  ada,
  "claude-code": claudeCode,
  codex,
  opencode,
  "gemini-cli": geminiCli,
  pi,
  acp,
};
