/**
 * Probes of the workspace: public names, by hand.
 *
 * Always: a probe looks and changes nothing; it says present, absent, partly or cannot-tell, and cites what it saw.
 */
export { type Look, type LookRequest, probe } from "./look.ts";
export { isRead, type ProbedCall, type ProbePlan, placeIn, planProbe } from "./plan.ts";
export { isLast, probeSession, type SessionLook } from "./session.ts";
export { type Tool, type ToolKind, toolOf } from "./tools.ts";
