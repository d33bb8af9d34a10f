/** Mutant: an event is recorded when the next one arrives, and what is not recorded is not read. */
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { brokenReference } from "../../harness/subject/reference.ts";

export const expected = ["no-lost-shown-event"];

export const patches: readonly SourcePatch[] = [
  {
    file: "src/session/recorder.ts",
    find: "const appended = this.#journal.append(type, data as unknown as Readonly<Record<string, unknown>>, source);",
    replace: `const late: Map<string, any> = ((this as any).late ??= new Map());
    const write = (what: any, of: any) => this.#journal.append(what, of, what === type ? source : undefined);
    const kept = late.get(sessionId);
    if (kept !== undefined && (type === "cover" || type === "ended")) void write("cover", kept);
    late.delete(sessionId);
    if (type === "cover") late.set(sessionId, data);
    const appended: ReturnType<Journal["append"]> =
      type === "cover" ? Promise.resolve({ ok: true, generation: 0, n: 0, path: "", range: { fromByte: 0, toByte: 0 } } as any) : write(type, data);`,
  },
  {
    file: "src/session/follow.ts",
    find: "while (await this.#drain()) if (this.#closed) return undefined;",
    replace: "while (!wrapperGone && (await this.#drain())) if (this.#closed) return undefined;",
  },
];

export default brokenReference("events-recorded-one-late", patches);
