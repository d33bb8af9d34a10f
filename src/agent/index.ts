/** The agents that Holdfast knows, by kind. */
import { ada } from "./ada.ts";
import type { AgentAdapter } from "./contract.ts";

export const adapters: Readonly<Record<string, AgentAdapter>> = { ada };
