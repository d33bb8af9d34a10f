/**
 * The import for orchestrators that exist: `import { openHold } from "holdfast/hold"`.
 */
export type { AgentChild } from "../host/agent-child.ts";
export { HoldfastError, type HoldfastErrorCode } from "../model/error.ts";
export { IoError } from "../model/ports.ts";
export { openHold } from "./hold.ts";
export type {
  Args,
  BeginAnswer,
  HeldAgent,
  HeldSession,
  Hold,
  HoldEntry,
  HoldOptions,
  HoldRefusal,
  Look,
  Recovered,
  SpawnAnswer,
  SpawnOptions,
  Turn,
  Until,
} from "./types.ts";
