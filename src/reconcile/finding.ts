/**
 * Builds findings.
 *
 * Always: the id is made of the code, the run or session, the call, and the first place at which the sources
 * part: nothing in it moves when files grow.
 */
import type { Cite, SourceName } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { Damage, Fact, FactBody } from "../model/fact.ts";
import { citeOf } from "../model/fact.ts";
import type { Turn } from "../model/turn.ts";
import type { Finding, FindingCode, Severity } from "../model/verdict.ts";
import type { Case } from "./case.ts";

export interface Raised {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly attempt?: number | undefined;
  readonly callId?: string;
  /** First place at which the sources part: {@link placeOf}, or a name that cannot move. */
  readonly at: string;
  readonly summary: string;
  readonly cites: readonly Cite[];
}

/** A finding is kept for ever as one record: an agent that says one thing a million times is not quoted each time. */
export const citesMax = 20;

/** Makes the finding with its id; of very many cites the first ones are kept. */
export function raise({ evidence }: Case, raised: Raised): Finding {
  const { attempt, callId, at, cites, ...rest } = raised;
  const run = evidence.attempts.find((other) => other.attempt === attempt)?.runId;
  const call = callId === undefined ? "-" : encodeId(callId);
  return {
    ...rest,
    cites: cites.slice(0, citesMax),
    id: `${raised.code}/${run ?? evidence.session.id}/${call}/${at}`,
    ...(callId === undefined ? {} : { callId }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

/** Ids come from agents: a lone surrogate in one is no reason to throw. */
function encodeId(id: string): string {
  return encodeURIComponent(id.replace(/\p{Surrogate}/gu, "\ufffd"));
}

/** Place of a fact: `L:1204`, `O2:77`, with `.k` for the second and later facts of a record. */
export function placeOf({ source, attempt, range, k }: Fact): string {
  return `${source}${attempt ?? ""}:${range.fromByte}${k === 0 ? "" : `.${k}`}`;
}

/** Place of damage. The last two names of the path tell spools and segments apart. */
export function placeOfDamage(source: SourceName, { path, range }: Pick<Damage, "path" | "range">): string {
  return `${source}:${path.split("/").slice(-2).join(":")}:${range.fromByte}`;
}

/** Cites a fact by what it said. */
export function citeFact(fact: Fact): Cite {
  return citeOf(fact, citeValue(saying(fact.body)));
}

function saying(body: FactBody): string {
  switch (body.kind) {
    case "call":
      return `call ${body.callId} ${body.name} ${JSON.stringify(body.input)}`;
    case "announced":
      return `reply names call ${body.callId} ${body.name} ${JSON.stringify(body.input)}`;
    case "permission":
      return `asks for call ${body.callId} ${body.name} ${JSON.stringify(body.input)}`;
    case "result":
      return `${body.isError ? "error" : "result"} ${body.callId} ${body.content}`;
    case "turn-end":
      return `turn ${body.outcome}${body.reason === undefined ? "" : `: ${body.reason}`}`;
    case "session":
      return `session ${body.agentSessionId}`;
    case "unknown":
      return `record of type ${body.type}`;
    case "unreadable":
      return `unreadable: ${body.reason}`;
    default:
      return `${body.kind}: ${body.text}`;
  }
}

/** Attempt of a turn, as a spread for {@link Raised}. */
export function attemptOf({ attempt }: Turn): { readonly attempt?: number } {
  return attempt === undefined ? {} : { attempt };
}
