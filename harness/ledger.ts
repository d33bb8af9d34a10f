/**
 * The ledger: what the fake agents did, written by themselves, outside the subject's reach.
 *
 * One file an agent process, `<run>/ledger/<nonce>.jsonl`, each entry one O_APPEND write of one line. An entry
 * brackets: `begin` before the act, `done` after it. Whether a call's effect happened is read from the effects
 * file in the workspace, never from here.
 * Always: an entry is in the file before the agent does anything after it (parks, speaks, executes).
 */
import { z } from "zod";

/** What the agent's model can tell about a step from what it was sent. */
export const KnowsSchema = z.enum([
  /** The result's token is there, whole or error as it was. */
  "known",
  /** Its head is there, its tail is not. */
  "cut",
  /** Told that it was not done: an answer without the token. */
  "told-not-done",
  /** Only the call (token or id) is named, in the prompt: told that the outcome is unknown. */
  "told-unknown",
  /** Nothing about it. */
  "nothing",
]);

const base = { /** CLOCK_MONOTONIC nanoseconds as a decimal string. */ t: z.string() };

export const LedgerEntrySchema = z.discriminatedUnion("kind", [
  /** First entry of each file. */
  z.strictObject({
    kind: z.literal("start"),
    ...base,
    nonce: z.string(),
    pid: z.number(),
    startTime: z.string(),
    /** Index of the session in the plan, and which start of that session's agent this is (1, 2, …). */
    session: z.number(),
    attempt: z.number(),
    turn: z.number(),
    agentSessionId: z.string(),
    resumed: z.boolean(),
    argv: z.array(z.string()),
    stdout: z.enum(["file", "pipe", "other"]),
  }),
  /**
   * What the model is sent at the start of this attempt, and what follows for each step. Written when the request
   * goes out: after `start/out`, before the first reply. Strings over 4 kB are shortened, never by a token or call id.
   */
  z.strictObject({
    kind: z.literal("model-input"),
    ...base,
    prompt: z.string(),
    messages: z.array(z.unknown()),
    knows: z.record(z.string(), KnowsSchema),
  }),
  /** A gate is reached; the agent is parked when this is in the file and the socket message is out. */
  z.strictObject({ kind: z.literal("gate"), ...base, nth: z.number(), event: z.string() }),
  /** A line on stdout. `callId`, `step` for call and result. `fromByte`: where it starts in this attempt's stdout. */
  z.strictObject({
    kind: z.literal("out"),
    ...base,
    phase: z.enum(["begin", "done", "failed"]),
    event: z.string(),
    type: z.enum(["start", "text", "call", "ask", "result", "end"]),
    step: z.string().optional(),
    callId: z.string().optional(),
    fromByte: z.number(),
    toByte: z.number(),
    /** Of a failed write. */
    code: z.string().optional(),
  }),
  /** A record in the agent's log or its snapshot. */
  z.strictObject({
    kind: z.literal("store"),
    ...base,
    phase: z.enum(["begin", "done"]),
    event: z.string(),
    role: z.enum(["log", "snapshot"]),
    type: z.string(),
    step: z.string().optional(),
    callId: z.string().optional(),
    path: z.string(),
    fromByte: z.number(),
    toByte: z.number(),
  }),
  /** The call's effect: one O_APPEND write of the step's effect token to the effects file. */
  z.strictObject({
    kind: z.literal("effect"),
    ...base,
    phase: z.enum(["begin", "done"]),
    step: z.string(),
    callId: z.string(),
    /** Left by a process of the call's own, which may have outlived the agent. */
    by: z.literal("tool").optional(),
  }),
  /** A process of the call's own waits; it goes on when the file `goPath` is there. */
  z.strictObject({
    kind: z.literal("tool"),
    ...base,
    step: z.string(),
    callId: z.string(),
    pid: z.number(),
    startTime: z.string(),
    goPath: z.string(),
  }),
  /** A step that the agent did not execute, and why. */
  z.strictObject({
    kind: z.literal("skip"),
    ...base,
    step: z.string(),
    why: z.enum(["known", "looked-and-found", "cannot-look", "not-asked"]),
  }),
  z.strictObject({ kind: z.literal("exit"), ...base, code: z.number(), why: z.string() }),
]);

export type LedgerEntry = z.infer<typeof LedgerEntrySchema>;
export type LedgerOut = Extract<LedgerEntry, { kind: "out" }>;
export type LedgerStart = Extract<LedgerEntry, { kind: "start" }>;
export type Knows = z.infer<typeof KnowsSchema>;

/** What is fixed about a step (one planned call) for one run. */
export interface StepTokens {
  /** `s0t0c1`: session, turn, call counted through the turn's replies. */
  readonly step: string;
  /** In the call's input; two equal calls share it. */
  readonly callToken: string;
  /** At head and tail of the result: `<token>h … <token>t`; learnable only from the result. */
  readonly resultToken: string;
  /** The line that the effect leaves in the effects file. */
  readonly effectToken: string;
}

export { effectsFileName } from "./agent/constants.ts";

/**
 * Reads one ledger file. A last line without its newline is a write that the machine cut: it is left out.
 * Throws when any other line is no ledger entry, since then the witness itself is broken.
 */
export function parseLedger(text: string): LedgerEntry[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => LedgerEntrySchema.parse(JSON.parse(line)));
}
