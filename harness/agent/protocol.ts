/**
 * How a fake agent talks to the harness: newline-delimited JSON over a Unix socket, baked in by the launcher.
 *
 * Agent → harness: `hello` (answered by `script`), then before every event `park`. Harness → agent: `release`.
 * In a free plan, and after `run-on`, the agent only announces (`passed`) and does not wait.
 * At each gate a process also says how much processor time it has used (`cpuMs`).
 * Always: a closed socket ends the agent at once (exit code 86): an agent never outlives its harness.
 */
import { z } from "zod";
import { ScriptSchema } from "../plan/plan.ts";

/** Agent → harness. */
export const AgentMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("hello"),
    nonce: z.string(),
    pid: z.number(),
    startTime: z.string(),
    argv: z.array(z.string()),
    cwd: z.string(),
    prompt: z.string(),
    /** The agent's own session id, on a resume. */
    resume: z.string().optional(),
    /** The agent's own session id, where it had to give one before it knew its prompt. */
    sessionId: z.string().optional(),
    /** A turn in a process that serves its orchestrator over a pipe, and ends when that is closed. */
    served: z.boolean().optional(),
  }),
  /** Parked before `event`, which is the `nth` gate of this attempt. */
  z.strictObject({
    kind: z.literal("park"),
    nth: z.number(),
    event: z.string(),
    cpuMs: z.number().optional(),
  }),
  /** Free plans and after `run-on`: `event` is done. Where lines are written in bursts, sent when the bytes are out. */
  z.strictObject({
    kind: z.literal("passed"),
    nth: z.number(),
    event: z.string(),
    cpuMs: z.number().optional(),
  }),
  /** A write to stdout has waited for its reader for a while and still waits; said once a write. */
  z.strictObject({ kind: z.literal("blocked"), event: z.string() }),
]);

/** Harness → agent, once. */
export const ScriptMessageSchema = z.strictObject({
  kind: z.literal("script"),
  session: z.number(),
  attempt: z.number(),
  turn: z.number(),
  agentSessionId: z.string(),
  storeLag: z.enum(["ada", "log-behind"]),
  script: ScriptSchema,
  /** Tokens of every step of every turn of this session up to and with this one. */
  tokens: z.array(
    z.strictObject({
      step: z.string(),
      callToken: z.string(),
      resultToken: z.string(),
      effectToken: z.string(),
    }),
  ),
  ledgerPath: z.string(),
  mode: z.enum(["lockstep", "free"]),
  free: z
    .strictObject({ pausesMs: z.array(z.number()), writes: z.enum(["line", "burst", "split"]) })
    .optional(),
});

/** Harness → agent. */
export const HarnessMessageSchema = z.discriminatedUnion("kind", [
  ScriptMessageSchema,
  /** Pass the gate. */
  z.strictObject({ kind: z.literal("release") }),
  /** Free run from here: no more gates in this attempt (used to let an agent finish). */
  z.strictObject({ kind: z.literal("run-on") }),
]);

export type AgentMessage = z.infer<typeof AgentMessageSchema>;
export type ScriptMessage = z.infer<typeof ScriptMessageSchema>;
export type HarnessMessage = z.infer<typeof HarnessMessageSchema>;

export { harnessGoneExitCode } from "./constants.ts";
