/**
 * Public names of the harness, for people who put their own orchestrator under it.
 *
 * Always: a subject file needs nothing from Holdfast but these. The two readers are here because both are easy to
 * get subtly wrong in a way that would be blamed on the orchestrator: pooled connections, half frames.
 */
export type { AgentName, Plan } from "./plan/plan.ts";
export type {
  Abilities,
  Context,
  Followed,
  ObservedCall,
  ObservedFlag,
  ObservedSession,
  Prompt,
  Refusable,
  Shown,
  Spawned,
  Subject,
  SubjectFile,
  SubjectOptions,
} from "./subject/contract.ts";
export { type JsonAnswer, type RequestOptions, requestJson, UnexpectedAnswer } from "./subject/http.ts";
export { readSse, type SseFrame, type SseOptions } from "./subject/sse.ts";
