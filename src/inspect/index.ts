/**
 * Inspecting the sessions of a project: public names, by hand.
 *
 * Always: it only reads. Never: it locks, changes, signals or guesses.
 */
export { historyLines } from "./history.ts";
export { strangerOf } from "./living.ts";
export { clean, type Paint, paintOf } from "./paint.ts";
export { inspectProject } from "./project.ts";
export {
  exitCodeOf,
  isUnreadable,
  type Report,
  reportOf,
  reportPieces,
  type SessionReport,
} from "./report.ts";
export { tableLines } from "./table.ts";
export type {
  Home,
  InspectedSession,
  Inspection,
  InspectRequest,
  InspectWorld,
  OurEvidence,
  OurRecord,
  OurSession,
  Trouble,
} from "./types.ts";
