/**
 * Values that both sides of the harness need at run time, kept apart from the schemas so that the fake agent
 * starts without loading them.
 */

/** Exit code of an agent whose harness went away. */
export const harnessGoneExitCode = 86;

/** Exit code of an agent that met an error of its own: the run is worth nothing. */
export const agentDefectExitCode = 70;

/** Name of the effects file in the workspace. */
export const effectsFileName = "effects.log";

/** The version that the fake agent reports. */
export const agentVersion = "0.1.0";
