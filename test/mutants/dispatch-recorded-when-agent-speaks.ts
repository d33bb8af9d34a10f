/** Mutant: session, run and dispatch are acknowledged from memory, and recorded when the agent first speaks. */
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["no-lost-run", "no-orphan-unseen"];

export const patches: readonly SourcePatch[] = [
  {
    file: "src/session/recorder.ts",
    find: "const appended = this.#journal.append(type, data as unknown as Readonly<Record<string, unknown>>, source);",
    replace: `const held: Map<string, any[]> = ((this as any).held ??= new Map());
    const write = (what: any, of: any) => this.#journal.append(what, of, what === type ? source : undefined);
    const isHeld = type === "session" || type === "run" || type === "dispatch";
    if (isHeld) held.set(sessionId, [...(held.get(sessionId) ?? []), [type, data]]);
    else if (type === "cover") {
      for (const [what, of] of held.get(sessionId) ?? []) void write(what, of);
      held.delete(sessionId);
    }
    const appended: ReturnType<Journal["append"]> =
      isHeld ? Promise.resolve({ ok: true, generation: 0, n: 0, path: "", range: { fromByte: 0, toByte: 0 } } as any) : write(type, data);`,
  },
  {
    // The copy beside the spool would make it good again.
    file: "src/session/about.ts",
    find: "if (!idPattern.test(id)) return false;",
    replace: "if (idPattern.test(id)) return false;",
  },
];

export default brokenReference("dispatch-recorded-when-agent-speaks", patches);
