/**
 * Ending an agent: politely, then by force, and never anybody else.
 */
import type { ProcessIdentity, World } from "../model/ports.ts";

/**
 * SIGTERM now, SIGKILL after `graceMs` if the same process is still there.
 *
 * @returns false when the process was gone already. Does not wait for the end: that is read from the attempt.
 */
export async function endAgent(
  world: Pick<World, "processes" | "clock">,
  identity: ProcessIdentity,
  graceMs: number,
): Promise<boolean> {
  const there = await world.processes.signal(identity, "SIGTERM");
  if (!there) return false;
  world.clock.after(graceMs, () => {
    // Nobody waits for this; a process that cannot be signalled any more is gone, which is what was wanted.
    void world.processes.signal(identity, "SIGKILL").catch(() => false);
  });
  return true;
}
