/**
 * Which calls of a session a look can settle, and what each look may conclude from the calls around it.
 *
 * Always: a call whose result is on record is looked for only after a boot change, when its effect may have been lost.
 * An effect that a later call may have changed is never reported as absent.
 */

import type { ProbeEvidence } from "../model/evidence.ts";
import type { CallVerdict, Verdict } from "../model/verdict.ts";
import { type Look, probe } from "./look.ts";
import { editedOnce, isRead, type ProbePlan, planProbe } from "./plan.ts";

/** Each look costs a file: of a session with more open calls the last ones are looked for. */
const looksMax = 200;

export interface SessionLook extends Look {
  /** May a tool child of this call be alive? */
  readonly mayLive: (call: CallVerdict) => boolean;
  readonly bootChanged: boolean;
}

/** Looks for every call of the verdict that a look can say something about. */
export async function probeSession(look: SessionLook, verdict: Verdict): Promise<ProbeEvidence[]> {
  const { calls } = verdict;
  const wanted = calls.flatMap((call, at) => (isWanted(look, call) ? [at] : [])).slice(-looksMax);
  const found: ProbeEvidence[] = [];
  for (const at of wanted) {
    const call = calls[at];
    if (call === undefined) continue;
    const contentBefore = contentBeforeOf(look, calls, at);
    found.push(
      await probe(look, {
        call,
        isLast: isLast(look.agent, calls, at),
        provisional: look.mayLive(call),
        ...(contentBefore === undefined ? {} : { contentBefore }),
      }),
    );
  }
  return found.filter(({ saw, provisional }) => saw !== "cannot-tell" || provisional);
}

/**
 * Could no other call have changed what this one did? Later ones could, and those of its turn that were not over when it
 * was made: a model asks for several at once.
 */
export function isLast(agent: string, calls: readonly CallVerdict[], at: number): boolean {
  const own = calls[at];
  return calls.every((other, index) => {
    if (index === at || own === undefined || isRead(agent, other.name)) return true;
    return index < at && !mayHaveActedBeside(other, own);
  });
}

function mayHaveActedBeside(earlier: CallVerdict, own: CallVerdict): boolean {
  if (earlier.turn !== own.turn || earlier.effect === "not-started") return false;
  if (earlier.effect !== "done" && earlier.effect !== "failed") return true;
  // A snapshot has its messages in the order of the conversation, not of what happened.
  return earlier.cites.some(({ source, path, range }) => {
    const made = own.cites.find((cite) => cite.path === path && cite.range !== undefined)?.range;
    return source !== "S" && made !== undefined && range !== undefined && range.fromByte > made.fromByte;
  });
}

function isWanted({ agent, cwd, bootChanged }: SessionLook, call: CallVerdict): boolean {
  if (call.state === "unpaired-result" || call.marks.includes("conflict")) return false;
  const isOpen = call.effect === "unknown" || call.effect === "running";
  const mayBeLost = bootChanged && call.effect === "done";
  return (isOpen || mayBeLost) && planProbe(agent, call, cwd).kind !== "none";
}

/** Each costs a pass over the file. */
const editsMax = 100;

/**
 * What the path of a write or an edit held before it: what the last finished write left there, with the finished edits
 * since; undefined where anything opaque came between.
 */
function contentBeforeOf(look: SessionLook, calls: readonly CallVerdict[], at: number): string | undefined {
  const own = calls[at];
  const plan = own === undefined ? undefined : planProbe(look.agent, own, look.cwd);
  if (plan?.kind !== "write" && plan?.kind !== "edit") return undefined;
  const edits: Extract<ProbePlan, { kind: "edit" }>[] = [];
  for (let index = at - 1; index >= 0 && edits.length <= editsMax; index--) {
    const earlier = calls[index];
    if (earlier === undefined || isRead(look.agent, earlier.name)) continue;
    const other = planProbe(look.agent, earlier, look.cwd);
    if (other.kind === "none" || earlier.effect !== "done") return undefined;
    // A folder that is deleted takes with it what is in it.
    if (plan.path.startsWith(`${other.path}/`)) return undefined;
    if (other.path !== plan.path) continue;
    if (other.kind === "write") return withEdits(other.content, edits.reverse());
    if (other.kind !== "edit") return undefined;
    edits.push(other);
  }
  return undefined;
}

function withEdits(
  content: string,
  edits: readonly { readonly before: string; readonly after: string }[],
): string | undefined {
  let edited: string | undefined = content;
  for (const { before, after } of edits)
    edited = edited === undefined ? undefined : editedOnce(edited, before, after);
  return edited;
}
