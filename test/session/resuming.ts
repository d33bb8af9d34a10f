import { exclusively } from "../../src/session/context.ts";
import {
  type DispatchOrder,
  nextAttempt,
  recordDispatch,
  startDispatched,
} from "../../src/session/dispatch.ts";
import { type HandOverOrder, prepareHandOver } from "../../src/session/hand-over.ts";
import type { Life } from "../../src/session/life.ts";
import { agentSession, cwd, id } from "./drafts.ts";
import { sessionOf } from "./machine.ts";

export const snapshotPath = `${cwd}/.coding-agent/sessions/${agentSession}.json`;

export const goesOn: HandOverOrder = { resumesRun: true, acknowledge: false };

export async function prepared(life: Life, order: HandOverOrder = goesOn) {
  const found = await exclusively(life.context, id, () =>
    prepareHandOver(life.context, sessionOf(life), order),
  );
  if ("refusal" in found) throw new Error(`refused: ${found.refusal.code}`);
  return found;
}

export const refusedAs = async (life: Life, order: HandOverOrder = goesOn) => {
  const found = await prepareHandOver(life.context, sessionOf(life), order);
  return "refusal" in found ? found.refusal : undefined;
};

/** As the server does it. */
export async function resume(life: Life, order: HandOverOrder = goesOn, more: Partial<DispatchOrder> = {}) {
  const { context } = life;
  const own = sessionOf(life);
  const { ask, prompt, resumes, handOver, repairs } = await prepared(life, order);
  const attempt = await nextAttempt(context, own);
  const dispatched: DispatchOrder = {
    runId: own.runs.at(-1)?.id ?? "",
    attempt,
    ask,
    prompt,
    ...(resumes === undefined ? {} : { resumes }),
    ...(handOver === undefined ? {} : { handOver }),
    repairs,
    executable: "/bin/ada",
    ...more,
  };
  return exclusively(context, id, async () => {
    await recordDispatch(context, id, dispatched);
    return startDispatched(context, own, dispatched);
  });
}
