/**
 * Findings about what surrounds a session: its folder, the versions of its agent, its model.
 *
 * Always: two statements are compared only within one kind of source: stream and store name the same thing differently.
 */
import { citeValue } from "../model/cite.ts";
import { citeOf, type Fact, type FactBody } from "../model/fact.ts";
import type { Finding } from "../model/verdict.ts";
import type { Case } from "./case.ts";
import { placeOf, raise } from "./finding.ts";

/** All findings of this kind. */
export function placeFindings(one: Case): Finding[] {
  return [
    ...placeMoved(one),
    ...drift(one, "version", "version-drift", "Another version of the agent wrote on"),
    ...drift(one, "model", "config-drift", "The session went on with another model"),
  ];
}

function placeMoved(one: Case): Finding[] {
  const { workspaceGone } = one.evidence;
  if (workspaceGone === undefined) return [];
  const summary = "The folder that this session worked in is not there.";
  const cites = [workspaceGone];
  return [raise(one, { code: "place-moved", severity: "blocks", at: "W", summary, cites })];
}

type SessionBody = Extract<FactBody, { kind: "session" }>;

/** The first change of a field that a session states of itself. */
function drift(
  one: Case,
  field: "version" | "model",
  code: "version-drift" | "config-drift",
  what: string,
): Finding[] {
  return (["O", "L"] as const).flatMap((source) => {
    const stated = one.evidence.sources
      .filter((cut) => cut.source === source)
      .flatMap(({ facts }) => facts)
      .flatMap((fact) => statedBy(fact, field));
    const [first] = stated;
    const other = stated.find(({ value }) => value !== first?.value);
    if (first === undefined || other === undefined) return [];
    const summary = `${what}: ${citeValue(other.value)} after ${citeValue(first.value)}.`;
    const cites = [
      citeOf(first.fact, citeValue(`${field} ${first.value}`)),
      citeOf(other.fact, citeValue(`${field} ${other.value}`)),
    ];
    return [raise(one, { code, severity: "warning", at: placeOf(other.fact), summary, cites })];
  });
}

function statedBy(fact: Fact, field: "version" | "model"): { fact: Fact; value: string }[] {
  const value = fact.body.kind === "session" ? (fact.body as SessionBody)[field] : undefined;
  return value === undefined ? [] : [{ fact, value }];
}
