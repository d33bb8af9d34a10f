/**
 * What an inspection asks for and what it finds, as plain data.
 *
 * Always: an inspection only reads. What it could not read is in the answer, as a finding or as a trouble.
 */
import type { EarlierPrompt } from "../agent/contract.ts";
import type { FoundSession, KeepLimits, Sent } from "../agent/resume-types.ts";
import type { AttemptEvidence, DecisionEvidence, Evidence, SourceCut } from "../model/evidence.ts";
import type { Databases, Files, Names, ProcessIdentity, ProcessTable } from "../model/ports.ts";
import type { Verdict } from "../model/verdict.ts";

/** Everything that an inspection looks at. */
export interface InspectWorld {
  readonly files: Files;
  readonly names: Names;
  readonly processes: ProcessTable;
  readonly databases?: Databases;
}

export interface InspectRequest {
  /** Absolute paths of the project: as given, and without links. The first one is shown. */
  readonly folders: readonly string[];
  /** Home folders in which agents keep stores, each with the environment that moves them. */
  readonly homes: readonly Home[];
  /** Only the session with this id: the agent's own, ours, or an unmistakable beginning of either. */
  readonly sessionId?: string;
  readonly ours?: OurRecord;
  /** How much of a long history stays in memory. */
  readonly keep?: KeepLimits;
}

export interface Home {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What our own orchestrator recorded, read without taking it over. */
export interface OurRecord {
  readonly sessions: readonly OurSession[];
  readonly troubles: readonly Trouble[];
}

export interface OurSession {
  readonly id: string;
  readonly agent: string;
  readonly agentSessionId?: string;
  readonly cwd: string;
  /** Reads journal and spools of this session. @throws IoError. */
  read(): Promise<OurEvidence>;
}

export interface OurEvidence {
  readonly attempts: readonly AttemptEvidence[];
  /** What people asked for, per attempt. */
  readonly asked: readonly EarlierPrompt[];
  /** Journal (J) and spools (O). */
  readonly sources: readonly SourceCut[];
  readonly decisions: readonly DecisionEvidence[];
  readonly bootChanged: boolean;
  /** Processes that our attempts are. */
  readonly identities: readonly ProcessIdentity[];
}

/** Something that is there and could not be searched. */
export interface Trouble {
  readonly agent?: string;
  readonly path: string;
  /** One sentence. */
  readonly why: string;
}

/** One session, judged. */
export interface InspectedSession {
  readonly found: FoundSession;
  /** Folder in which the session worked. */
  readonly cwd: string;
  /** Our own id, where the session is in our record. */
  readonly ourId?: string;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly sent: readonly Sent[];
  readonly versions: readonly string[];
  readonly asked: OurEvidence["asked"];
  /** Finished history that was read and not kept, because there is too much of it. */
  readonly leftOut?: { readonly turns: number; readonly calls: number };
}

export interface Inspection {
  readonly folder: string;
  /** By agent, then in the order in which they were found. */
  readonly sessions: readonly InspectedSession[];
  readonly troubles: readonly Trouble[];
}
