/**
 * Does the agent of an attempt on record live, and who is it?
 */
import { attemptKin, attemptMarker, type Liveness, livenessOf, type StartPlace } from "../supervise/index.ts";
import { attemptFolder, type Context } from "./context.ts";
import type { AttemptState, SessionState } from "./state.ts";

/** Where the record says that the attempt was started. */
export function startPlaceOf(
  session: Pick<SessionState, "id">,
  { attempt, bootId, namespace }: Pick<AttemptState, "attempt" | "bootId" | "namespace">,
): StartPlace {
  const marker = attemptMarker(session.id, attempt);
  return { bootId, marker, ...(namespace === undefined ? {} : { namespace }) };
}

/** @throws IoError when its notes cannot be read. */
export function agentLiveness(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
): Promise<Liveness> {
  const folder = attemptFolder(context, session.id, attempt.attempt);
  return livenessOf(context.world, folder, attempt.identity, startPlaceOf(session, attempt));
}

/** What the agent has started and what runs now, the agent itself left out; oldest first. */
export async function toolsOf(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
): ReturnType<typeof attemptKin> {
  const folder = attemptFolder(context, session.id, attempt.attempt);
  const kin = await attemptKin(context.world, folder, startPlaceOf(session, attempt));
  const agent = attempt.identity;
  return kin.filter(({ identity }) => identity.pid !== agent?.pid || identity.startTime !== agent.startTime);
}
