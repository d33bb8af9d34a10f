/** The one limit of Unix sockets that bites: how long their path may be. */

/** What fits into `sun_path` with its closing zero byte: 104 bytes on macOS, 108 on Linux. */
export const socketPathBytesMax = 103;

/** Throws when no socket can be made at `socketPath`, with the lengths and what to do. */
export function assertSocketPath(socketPath: string): void {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes <= socketPathBytesMax) return;
  throw new Error(
    `The socket path ${socketPath} is ${bytes} bytes long; Unix sockets allow ${socketPathBytesMax}. ` +
      "Use a folder with a shorter path for the run, such as one directly under /tmp.",
  );
}
