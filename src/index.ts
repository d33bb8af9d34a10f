/** The public names of Holdfast, kept by hand. */
export { ada } from "./agent/ada.ts";
export type { AgentAdapter } from "./agent/contract.ts";
export { adapters } from "./agent/index.ts";
export type { Evidence } from "./model/evidence.ts";
export type { Verdict } from "./model/verdict.ts";
export { reconcile } from "./reconcile/index.ts";
