/**
 * A plan: everything that one run does, as plain JSON.
 *
 * Always: a run takes the plan and nothing else, so that an artifact replays after the generator changed.
 * Never: no functions, times of day, paths or random choices in it.
 */
import { z } from "zod";

/** One tool call of the agent's script. Its token and ids are made at run time. */
export const CallSchema = z.strictObject({
  /** `append`: does its effect and succeeds · `fail`: does its effect and reports an error. */
  outcome: z.enum(["append", "fail"]),
  /** Characters of the result between its head and tail token. */
  resultChars: z.int().min(0).max(400_000),
  /** What fills the result. */
  style: z.enum(["ascii", "unicode"]),
  /** Same name and input as this earlier call of the same reply (an index in it). */
  equalTo: z.int().min(0).max(7).optional(),
  /** The effect cannot be looked up in the workspace: the agent, told "unknown", cannot check. */
  unprobeable: z.boolean().optional(),
  /** Ada's alone: the effect is left by a process of its own, which the agent waits for and which outlives the agent. */
  tool: z.boolean().optional(),
  /** The agent asks whether it may make the call, and waits for the answer; only one that speaks ACP does. */
  asks: z.boolean().optional(),
});

/** One reply of the model: text, then calls that the agent makes before it asks the model again. */
export const ReplySchema = z.strictObject({
  text: z.string().max(2_000).optional(),
  calls: z.array(CallSchema).min(1).max(4),
  /** Announce all calls of this reply before the first runs. */
  parallel: z.boolean(),
});

export const ScriptSchema = z.strictObject({
  replies: z.array(ReplySchema).max(6),
  finalText: z.string().max(2_000),
});

/** One turn: a submitted prompt and what the agent does with it. */
export const TurnSchema = z.strictObject({ script: ScriptSchema });

/** The agents that the harness can play, by the name of their executable. */
export const AgentNameSchema = z.enum(["ada", "anita", "codex", "acp"]);

export const SessionSchema = z.strictObject({
  /** Which of its agents the orchestrator is asked to start; the first that the subject names, where left out. */
  agent: AgentNameSchema.optional(),
  /**
   * When the agent logs a result. `ada`: before the stdout line; the snapshot first and last.
   * `log-behind`: only when the next model reply comes.
   */
  storeLag: z.enum(["ada", "log-behind"]),
  /** The first turn is submitted at once; a later one when the one before it has ended. */
  turns: z.array(TurnSchema).min(1).max(3),
});

/** Which agent event a fault waits for. */
export const GateSchema = z.union([
  /** By name, in any attempt or the given one: `result:2/out` is the stdout line of the second call's result. See `harness/agent/steps.ts`. */
  z.strictObject({
    session: z.int().min(0),
    attempt: z.int().min(1).optional(),
    event: z.string().max(60),
  }),
  /** By count: the n-th gate (0-based) that the session meets in this round; where there are fewer, the last. */
  z.strictObject({ session: z.int().min(0), nth: z.int().min(0).max(500) }),
]);

export const PositionSchema = z.enum(["unsent", "unread", "shown"]);

export const FaultKindSchema = z.union([
  z.strictObject({ kind: z.literal("kill"), target: z.enum(["server", "agent", "both", "tree"]) }),
  z.strictObject({ kind: z.literal("term") }),
  z.strictObject({ kind: z.literal("reload"), by: z.enum(["tsx", "node-watch", "signal"]) }),
  /** SIGSTOP of the server, agent goes on for `events` gates, SIGCONT. No restart. */
  z.strictObject({ kind: z.literal("freeze"), events: z.int().min(1).max(8) }),
  /** All clients drop; the agent goes on for `events` gates; clients come back with their cursor. No restart. */
  z.strictObject({ kind: z.literal("disconnect"), events: z.int().min(1).max(8) }),
]);

/**
 * A record by what it is. A server writes some of its records at moments of its own, so that the number of one is another
 * in each run.
 */
export const RecordSchema = z.strictObject({
  /** In the file's own word: `dispatch`, `tool.call`. */
  kind: z.string().regex(/^[\w.-]{1,40}$/),
  /** It names this session; where left out, none. */
  session: z.int().min(0).optional(),
  /** Of all such records counted from the end (modulo). */
  nth: z.int().min(0).max(50),
});

/** What happens to a file between kill and restart. */
export const DamageSchema = z.strictObject({
  role: z.enum(["log", "snapshot", "index", "journal", "spool"]),
  /** `alter` leaves no valid record, `flip` one that may look valid: a single character is another one. */
  how: z.enum(["cut", "empty", "nul", "alter", "flip"]),
  /** Which file of that role (modulo), and which record of it counted from the end (modulo). */
  file: z.int().min(0).max(20),
  record: z.int().min(0).max(50),
  /** The record is this one, if there is one. */
  is: RecordSchema.optional(),
});

/** How many gates a surviving agent passes, and when. */
export const OrphanSchema = z.strictObject({
  beforeRestart: z.int().min(0).max(40),
  beforeObserve: z.int().min(0).max(40),
  duringResume: z.int().min(0).max(40),
});

/** One fault with everything around it; the run continues to the next round after its restart. */
export const RoundSchema = z.strictObject({
  at: z.union([
    GateSchema,
    /** While the restarted server starts (free plans) · as soon as it is ready · as soon as a resume was accepted. */
    z.strictObject({ phase: z.enum(["starting", "ready", "resuming"]) }),
  ]),
  position: PositionSchema,
  /** For `unread`: so many events in a row are sent to the stopped server; 1 by default. */
  unreadEvents: z.int().min(1).max(6).optional(),
  fault: FaultKindSchema,
  /** Only in free plans: the fault fires this long after its trigger was seen. */
  delayMs: z.int().min(0).max(2_000).optional(),
  orphan: OrphanSchema,
  damage: z.array(DamageSchema).max(2),
  /** A person resumes every session that has not ended, whatever is said of its agent, and once more when it was taken up. */
  insists: z.boolean().optional(),
  /** Where the fault ends the server: what is started then, this version of it or one to come. As before, where left out. */
  version: z.enum(["this", "next"]).optional(),
});

const FailsSchema = z.strictObject({
  code: z.enum(["ENOSPC", "EIO", "EMFILE", "EROFS"]),
  /** All that can fail so does from then on, for this life of the server. */
  stays: z.boolean(),
});

/**
 * The server ends itself at one of its own operations on files, whatever else goes on; the rounds that are left are not
 * played. Or the operation fails, and the server goes on or ends as it sees fit; it is then started again on a disk
 * that is sound.
 */
export const BoundarySchema = z
  .strictObject({
    /**
     * End of the script's path (argv[1]) of the process that is meant: `subject/server.cjs`. Of one line: the shim is told
     * one thing a line, and another one would tell it to write its trace elsewhere.
     */
    script: z.string().regex(/^\P{Cc}{1,200}$/u),
    /** Start of the server, counted over the run: 1, 2, … */
    life: z.int().min(1).max(20),
    /** Number of the operation in that process: 1, 2, … */
    operation: z.int().min(1).max(1_000_000),
    mode: z.enum(["before", "after", "empty", "torn", "fail"]),
    /** Of `fail`. */
    fails: FailsSchema.optional(),
    /**
     * The power fails there: every process ends, and of what the server did not sync one legal state is left; `device`:
     * what a real ext4 had brought to its device by then, whatever the state's number.
     */
    power: z
      .strictObject({ model: z.enum(["posix", "ext4", "torn", "device"]), state: z.int().min(0).max(10_000) })
      .optional(),
  })
  .refine(({ mode, fails }) => (mode === "fail") === (fails !== undefined), "says with what it fails");

export const PlanSchema = z.strictObject({
  version: z.literal(1),
  mode: z.enum(["lockstep", "free"]),
  sessions: z.array(SessionSchema).min(1).max(3),
  /** Clients that read each session's stream. */
  clients: z.int().min(1).max(3),
  rounds: z.array(RoundSchema).min(0).max(4),
  /** The server's operations are counted, by a preload of Node or by the shim under the C library, and it ends at some. */
  boundaries: z
    .strictObject({
      by: z.enum(["preload", "shim"]),
      ends: z.array(BoundarySchema).max(3),
      /** The subject's folder is a disk of its own, on which so many bytes are free when it is set up. */
      freeBytes: z.int().min(0).max(1_000_000_000).optional(),
    })
    .refine(
      ({ by, ends }) => by === "shim" || !ends.some(({ mode }) => mode === "fail"),
      "the shim alone lets fail",
    )
    .optional(),
  /** Free plans: the agent's pauses between events in milliseconds, used in turn; and how it cuts its output. */
  free: z
    .strictObject({
      pausesMs: z.array(z.int().min(0).max(500)).min(1).max(20),
      writes: z.enum(["line", "burst", "split"]),
    })
    .optional(),
});

export type Plan = z.infer<typeof PlanSchema>;
export type AgentName = z.infer<typeof AgentNameSchema>;
export type PlanSession = z.infer<typeof SessionSchema>;
export type Script = z.infer<typeof ScriptSchema>;
export type Reply = z.infer<typeof ReplySchema>;
export type Call = z.infer<typeof CallSchema>;
export type Gate = z.infer<typeof GateSchema>;
export type GatePosition = z.infer<typeof PositionSchema>;
export type Round = z.infer<typeof RoundSchema>;
export type FaultKind = z.infer<typeof FaultKindSchema>;
export type Damage = z.infer<typeof DamageSchema>;
export type Boundary = z.infer<typeof BoundarySchema>;
export type Orphan = z.infer<typeof OrphanSchema>;
