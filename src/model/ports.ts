/**
 * The world as the library sees it: everything it reads, writes, starts, signals or asks for the time.
 *
 * Always: every effect of journal, supervision and orchestrator goes through one of these calls, so that the
 * world can be taken away at any one of them (crash), or be made of memory (simulation).
 * Never: no other module of the library touches `node:` modules, timers, `Date` or `Math.random`; the real
 * world is in `src/host`.
 */

/** An input or output error of the machine, as the port met it (ENOSPC, EIO, EACCES, …). */
export class IoError extends Error {
  readonly code: string;
  readonly path: string;

  constructor(code: string, path: string, call: string, options?: ErrorOptions) {
    super(`${call} failed with ${code} on ${path}`, options);
    this.name = "IoError";
    this.code = code;
    this.path = path;
  }
}

/** A file that this process created and alone appends to. Calls are made one after the other by its owner. */
export interface AppendFile {
  readonly path: string;
  /** Resolves when the bytes are written (not synced). Throws {@link IoError}; then the file's end is unknown. */
  append(bytes: Uint8Array): Promise<void>;
  /** fdatasync. Throws {@link IoError}; after that the file must not be used again (rule 6). */
  sync(): Promise<void>;
  /** As {@link sync}, begun when everybody who waits has had their turn; left out where a world has none of this. */
  syncLater?(): Promise<void>;
  close(): Promise<void>;
}

/** A file open for reading; also used to sync what another process appended. */
export interface ReadFile {
  readonly path: string;
  /** As {@link FileStat.stamp}, when it was opened. */
  readonly stamp?: string;
  /** As {@link FileStat.ours}, of what was opened; left out where there are no owners. */
  readonly ours?: boolean;
  /** Nobody but its owner may read or write it, by its mode when it was opened; left out where there are no modes. */
  readonly ownerOnly?: boolean;
  /** Current length in bytes. */
  size(): Promise<number>;
  /**
   * Bytes `[fromByte, toByte)`, fewer where the file ends earlier.
   *
   * @param room memory of at least that size, given up to the answer: for readers of long files, which would else
   * take new memory for every piece.
   */
  read(fromByte: number, toByte: number, room?: Uint8Array): Promise<Uint8Array>;
  /**
   * CRC-32 of the bytes `[fromByte, toByte)`, up to the end of the file, with where that was; left out where the
   * machine is no faster at it than the library.
   */
  crc32?(fromByte: number, toByte: number): Promise<{ readonly crc: number; readonly toByte: number }>;
  /**
   * As {@link read}, at once, for a few bytes that the system has most likely at hand; left out where a world has none
   * of this. Throws {@link IoError}.
   */
  readNow?(fromByte: number, toByte: number): Uint8Array;
  /** fdatasync of the file, whoever wrote it. Throws {@link IoError}. */
  sync(): Promise<void>;
  /**
   * Begins a {@link sync} at once, before what it brings to the disk has been read: that is the first `toByte` bytes. Left
   * out where a world has none of this. Throws {@link IoError} where it could not be begun.
   */
  beginSync?(): { readonly toByte: number; readonly synced: Promise<void> };
  /**
   * Writes the bytes from `fromByte` to the end anew, the same ones in the same place, and syncs them; left out where a
   * world has none of this. After a {@link sync} that failed, or may have: the system may have let go of what it was to
   * bring, and says yes to whoever asks again. Resolves with the stamp that the file has then; undefined where it had
   * been changed since it was opened. Throws {@link IoError}.
   */
  renew?(fromByte: number): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "folder" | "fifo" | "other";
  readonly sizeBytes: number;
  /** Owner is this process's user. */
  readonly ours: boolean;
  /**
   * Another one after every change of the content, of the owner or the file itself (inode and ctime, which nobody sets);
   * left out where there is none. Two changes within one tick of the system's clock may have the same.
   */
  readonly stamp?: string;
}

/** A standing watch; `close` ends it. */
export interface Watch {
  close(): void;
}

/** Paths are absolute. Calls that fail for another reason than the one they return throw {@link IoError}. */
export interface Files {
  /** O_CREAT | O_EXCL; undefined when the path exists. The folder entry is not synced: see {@link syncFolder}. */
  createExclusive(path: string): Promise<AppendFile | undefined>;
  /** undefined when there is no file, or the path is not a regular file. */
  openRead(path: string): Promise<ReadFile | undefined>;
  /** Creates one folder; false when it exists already. */
  makeFolder(path: string): Promise<boolean>;
  /** In the order given; after a failure or a crash some may be there. */
  makeFifos(paths: readonly string[]): Promise<void>;
  /** Names in a folder, sorted; undefined when there is no such folder. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** As {@link list}, in any order: to sort many names takes longer than to read them. Left out where that is the same. */
  listInAnyOrder?(path: string): Promise<readonly string[] | undefined>;
  /** UTF-8 as a text, undefined for bytes that are none; left out where a world knows no faster way than TextDecoder. */
  decode?(bytes: Uint8Array): string | undefined;
  /** As {@link list}, at once, for a folder with a few names; left out where a world has none of this. */
  listNow?(path: string): readonly string[] | undefined;
  stat(path: string): Promise<FileStat | undefined>;
  /** As {@link stat}, at once; left out where a world has none of this. */
  statNow?(path: string): FileStat | undefined;
  /** Is the name itself a symbolic link? False when nothing is there. Left out where there are no links. */
  isLink?(path: string): Promise<boolean>;
  rename(from: string, to: string): Promise<void>;
  /**
   * A second name for a file, in its folder; false when something is there. Left out where a world has none of this;
   * throws {@link IoError} also where the file system has none.
   */
  link?(from: string, to: string): Promise<boolean>;
  /** False when there was nothing to remove. */
  remove(path: string): Promise<boolean>;
  /** fsync of a folder: makes created, renamed and removed entries durable. */
  syncFolder(path: string): Promise<void>;
  /**
   * Calls back after something in the folder changed, with the name of what did where the system tells; without a name
   * it may be anything. May call back too often, never too rarely.
   */
  watchFolder(path: string, onChange: (name: string | undefined) => void): Watch;
}

/** Who a process is; a pid alone is nobody. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot (Linux), or the platform's coarser means, as a string. */
  readonly startTime: string;
  readonly bootId: string;
  /** Pid namespace, where the platform has them; "" elsewhere. */
  readonly namespace: string;
}

/** A process that descends from an attempt's wrapper. */
export interface Kin {
  readonly identity: ProcessIdentity;
  /** `marker`: certain. `session`: certain only while the session's leader is known to be there. */
  readonly by: "marker" | "session";
  /** Command line, the executable first. */
  readonly args: readonly string[];
}

export interface Processes {
  readonly self: ProcessIdentity;
  /** undefined when no such process runs (a zombie does not run). */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  /**
   * Processes of an attempt that run now, wherever they were re-parented to: those that inherited `marker` in their
   * environment, and those in the session of `leader`. This process is never among them.
   */
  kinOf(marker: string, leader: ProcessIdentity | undefined): Promise<readonly Kin[]>;
  /**
   * Signals only if pid, start time, boot id and namespace still match; false when the process is gone.
   *
   * @throws IoError `EPERM` for a process of another user.
   */
  signal(identity: ProcessIdentity, signal: "SIGTERM" | "SIGKILL" | "SIGINT"): Promise<boolean>;
}

/** What it takes to start an agent that survives us. */
export interface AgentStart {
  /** The attempt's folder, existing, with the FIFO `stdin` in it. The wrapper writes `started`, `pid`, `spool`, `stderr`, `exit` there. */
  readonly folder: string;
  /** Absolute path of the executable. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Stands in the environment of all processes of this attempt: see {@link Processes.kinOf}. */
  readonly marker: string;
}

export interface Agents {
  /** Absolute path of an executable, by name over PATH; undefined when there is none. */
  resolve(command: string): Promise<string | undefined>;
  /** Starts the wrapper detached; resolves when the system has accepted it. Whether the agent runs is read from the folder. */
  start(start: AgentStart): Promise<void>;
  /** Takes the start marker away from a wrapper that has not begun: after "never-started" this attempt can never start. */
  fence(folder: string): Promise<"never-started" | "started">;
  /** Does any process hold the attempt's stdin FIFO? Needs no pid. */
  held(folder: string): Promise<boolean>;
  /**
   * Calls back once when the wrapper of this attempt is gone, however it went, also when it was gone before; the
   * system says so, nothing is polled. To be called when the wrapper has claimed the start marker: it holds its FIFOs then.
   */
  whenGone(folder: string, onGone: () => void): Promise<Watch>;
  /** Writes to the agent's stdin; false when nobody holds it. */
  input(folder: string, bytes: Uint8Array): Promise<boolean>;
}

export interface Clock {
  /** Milliseconds since 1970, for people only: nothing is ordered or decided by it. */
  now(): number;
  /** Calls back once after `delayMs`; used for limits and never to wait for a fact. */
  after(delayMs: number, callback: () => void): { cancel(): void };
}

export interface Ids {
  /** 16 lower-case hexadecimal characters, never the same twice. */
  next(): string;
}

/** A value of a database's cell. */
export type Cell = string | number | Uint8Array | null;

/** A database image, open in memory. */
export interface Database {
  /**
   * Runs one SELECT and calls back per row; throws {@link IoError} with code `SQLITE` where the image is damaged,
   * after the rows that could be read.
   */
  rows(sql: string, values: readonly Cell[], onRow: (row: Readonly<Record<string, Cell>>) => void): void;
  close(): void;
}

/** Reads SQLite images. Never opens a file: what it is given is a copy, and no lock is taken anywhere. */
export interface Databases {
  /** Throws {@link IoError} with code `SQLITE` when the bytes are no database. */
  open(image: Uint8Array): Promise<Database>;
}

/** What stands at a name, links themselves included. */
export type NameKind = "file" | "folder" | "link" | "other";

/** Looks at names without following links. */
export interface Names {
  /** undefined when nothing is there. Throws {@link IoError} where one may not look. */
  kindOf(path: string): Promise<NameKind | undefined>;
  /** The path without links, `.` and `..`; undefined when nothing is there or it cannot be followed. */
  resolve?(path: string): Promise<string | undefined>;
}

/** A process of this machine, as far as this user may see it. */
export interface RunningProcess {
  readonly identity: ProcessIdentity;
  /** Command line, the executable first. */
  readonly args: readonly string[];
  /** Working folder, where the platform tells. */
  readonly cwd?: string;
}

/** The process table as a whole. */
export interface ProcessTable {
  /** Everyone but this process. What may not be seen is left out. */
  list(): Promise<readonly RunningProcess[]>;
}

/** All ports together. */
export interface World {
  readonly files: Files;
  readonly processes: Processes;
  readonly agents: Agents;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Left out where nothing can be looked for in a workspace. */
  readonly names?: Names;
}
