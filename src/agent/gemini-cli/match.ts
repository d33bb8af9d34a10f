/**
 * Takes the stream's results for what they are: a view for people, beside the texts that the model gets.
 *
 * Always: pure; where the session file has the result of a call, another wording of it in the stream is no
 * contradiction and gives way. Whether it was an error is compared as it stands.
 */
import type { SourceCut } from "../../model/evidence.ts";
import type { FactBody } from "../../model/fact.ts";

/** See `matchStream` of the adapter. */
export function matchStream(sources: readonly SourceCut[]): readonly SourceCut[] {
  const stored = new Map<string, string>();
  for (const { body } of sources.filter(({ source }) => source === "L").flatMap(({ facts }) => facts)) {
    if (body.kind === "result") stored.set(body.callId, body.content);
  }
  const given = (body: FactBody): FactBody => {
    if (body.kind !== "result") return body;
    const content = stored.get(body.callId);
    return content === undefined || content === body.content ? body : { ...body, content: "", cut: true };
  };
  return sources.map((cut) => {
    if (cut.source !== "O") return cut;
    return { ...cut, facts: cut.facts.map((fact) => ({ ...fact, body: given(fact.body) })) };
  });
}
