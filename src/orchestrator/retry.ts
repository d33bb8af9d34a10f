/**
 * Making a call again, over HTTP: allowed by its class, then the run goes on with a hand-over that says so.
 *
 * Always: with an idempotency key the same request is one attempt.
 */
import type { Context } from "../session/context.ts";
import { allowRetry, type RetryOrder } from "../session/retry.ts";
import type { SessionState } from "../session/state.ts";
import { type Answer, refuse } from "./answer.ts";
import { notDecided } from "./commands.ts";
import { resumeRun } from "./submit.ts";

export async function retryCall(
  context: Context,
  session: SessionState,
  order: RetryOrder,
  key: { readonly key?: string },
): Promise<Answer> {
  const isRepeated = key.key !== undefined && session.attempts.some((one) => one.key === key.key);
  if (isRepeated) return resumeRun(context, session, { acknowledge: false, ...key });
  const retry = await allowRetry(context, session, order);
  switch (retry.as) {
    case "allowed": {
      const prompt = `The call ${retry.call.name} (${retry.call.id}) was not done: make it again. Then continue where you left off.`;
      return resumeRun(context, session, { prompt, acknowledge: false, ...key });
    }
    case "present":
      return refuse(
        409,
        "effect-there",
        `The effect of this call is there (${retry.seen}). Say that it is done instead.`,
      );
    case "needs-person":
      return refuse(
        409,
        "needs-person",
        `Whether this call was done cannot be told (${retry.why}). Send "confirm": true to have it made again.`,
      );
    default:
      return notDecided(session, retry);
  }
}
