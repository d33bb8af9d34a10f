/**
 * Supervision of agents that outlive their server: public names, by hand.
 */
export { endAgent } from "./end.ts";
export {
  attemptKin,
  attemptMarker,
  notedAgent,
  type StartPlace,
} from "./identity.ts";
export { type AttemptPaths, attemptPaths } from "./layout.ts";
export { describe, type Liveness, livenessOf } from "./liveness.ts";
export { readExit, readPid, readStarted } from "./notes.ts";
export { claimAttempt, claimPipedAttempt, startAgent } from "./start.ts";
