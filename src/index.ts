/**
 * The public names of Holdfast, kept by hand: what an orchestrator needs to judge a cut, to know an agent, and to
 * bring it back.
 *
 * @example
 * import { reconcile, type Evidence, type Verdict } from "holdfast";
 */

export { ada } from "./agent/ada.ts";
export type {
  AgentAdapter,
  CommandLine,
  HandOver,
  HandOverRequest,
  StartRequest,
  StorePaths,
  StoreRepair,
} from "./agent/contract.ts";
export { adapters } from "./agent/index.ts";
export { realWorld } from "./host/world.ts";
export {
  type Appended,
  type Cover,
  coverOf,
  type Journal,
  type JournalHistory,
  type JournalRecord,
  readJournal,
  readSnapshot,
  replaceAtomically,
  type SpoolLine,
  SpoolReader,
  takeOver,
  verifySpool,
  writeSnapshot,
} from "./journal/index.ts";
export type { ByteRange, Cite, SourceName } from "./model/cite.ts";
export { HoldfastError, type HoldfastErrorCode } from "./model/error.ts";
export type {
  Abilities,
  Ability,
  ApprovalEvidence,
  AttemptEvidence,
  DecisionEvidence,
  Evidence,
  ProbeEvidence,
  SourceCut,
  WriteOrder,
} from "./model/evidence.ts";
export type { CallFact, Damage, Fact, FactBody, ResultFact } from "./model/fact.ts";
export { type Files, IoError, type ReadFile, type World } from "./model/ports.ts";
export { comparePositions, formatPosition, type Position, parsePosition } from "./model/position.ts";
export type {
  AttemptVerdict,
  CallMark,
  CallSend,
  CallState,
  CallVerdict,
  Effect,
  Finding,
  FindingCode,
  ModelKnows,
  Recovery,
  RunState,
  Severity,
  Stands,
  Verdict,
} from "./model/verdict.ts";
export { reconcile } from "./reconcile/index.ts";
