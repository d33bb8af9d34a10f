/**
 * Names of the files of one attempt.
 *
 * `stdin` FIFO that feeds the agent, `alive` FIFO that the wrapper holds, `started` O_EXCL marker, `pid` and `exit`
 * (each whole or absent), `spool` (the agent's stdout), `stderr`.
 */
export interface AttemptPaths {
  readonly folder: string;
  readonly stdin: string;
  readonly alive: string;
  readonly started: string;
  readonly pid: string;
  readonly exit: string;
  readonly spool: string;
  readonly stderr: string;
}

/** @param folder the attempt's folder, absolute. */
export function attemptPaths(folder: string): AttemptPaths {
  return {
    folder,
    stdin: `${folder}/stdin`,
    alive: `${folder}/alive`,
    started: `${folder}/started`,
    pid: `${folder}/pid`,
    exit: `${folder}/exit`,
    spool: `${folder}/spool`,
    stderr: `${folder}/stderr`,
  };
}
