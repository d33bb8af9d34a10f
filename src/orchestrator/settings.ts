/**
 * What a server is told when it is started as a program, and what holds where nothing is said.
 */

export interface ServeSettings {
  /** Absolute; in the home of who starts it when it is left out. */
  readonly home?: string;
  readonly port: number;
  /** Absolute path of the agent's executable. */
  readonly agentPath?: string;
  /** Absolute path of an agent that speaks ACP. */
  readonly acpPath?: string;
  readonly tokenFile?: string;
  /** See {@link OrchestratorConfig.spoolBytesMax}. */
  readonly spoolBytesMax?: number;
}

/** The program around the server; see `host/program.ts`. */
export interface ServeProgram {
  readonly env: Readonly<Record<string, string | undefined>>;
  onStop(callback: () => void): void;
  print(line: string): void;
  complain(line: string): void;
  exit(code: number): never;
}

export const portDefault = 4173;
export const homeFolderDefault = ".holdfast";
