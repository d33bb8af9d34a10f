/**
 * What crashes have met: distinct pairs of a crash point and the state of the disk that was left there, and how many
 * of them were new as time went by.
 *
 * A state is told without ids, times and texts: per file its kind of place, and the kinds of its records in order.
 * Two crashes that leave the same records in the same files, torn or whole, met the same state.
 * Not able to: tell states apart that differ in content alone; `enumerate` does, for one scenario.
 */
import type { PortCall } from "./calls.ts";
import type { Disk } from "./disk.ts";
import { hashOfText } from "./hash.ts";
import { FileNode } from "./nodes.ts";
import { shapeOf, stepOf } from "./steps.ts";

export class Coverage {
  readonly #pairs = new Set<number>();
  readonly #bySecond: number[] = [];

  get pairs(): number {
    return this.#pairs.size;
  }

  /**
   * A crash at `call`, made `model`, left this disk; `crashes`: how many there were in the run by then.
   *
   * @returns the pair's hash, where it is a new one.
   */
  add(disk: Disk, call: PortCall, model: string, crashes: number): number | undefined {
    const pair = hashOfText(`${stepOf(call)} ${model} ${crashes}\n${stateOf(disk)}`);
    if (this.#pairs.has(pair)) return undefined;
    this.#pairs.add(pair);
    return pair;
  }

  /** Says how much CPU time was used so far. */
  at(cpuMs: number): void {
    this.#bySecond[Math.floor(cpuMs / 1_000)] = this.#pairs.size;
  }

  /** Distinct pairs after each CPU second: flat when there is nothing new. */
  curve(): number[] {
    let last = 0;
    return Array.from(this.#bySecond, (count) => (last = count ?? last));
  }
}

/** Kind of a record, in any of the formats: `"type":"tool.call"` of the agent's, `\t"dispatch"\t` of the journal. */
const kind = /"type":"([\w.]+)"|\t"([\w-]+)"\t/;
/** The kind stands near the beginning of a line. */
const headBytes = 160;

function stateOf(disk: Disk): string {
  const files: string[] = [];
  for (const [path, node] of disk.paths()) {
    const place = shapeOf(path) ?? path.slice(path.lastIndexOf("/") + 1);
    files.push(node instanceof FileNode ? `${place} ${recordsOf(node.content)}` : place);
  }
  return files.sort().join("\n");
}

function recordsOf(content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const kinds: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, from);
    const end = newline === -1 ? bytes.length : newline;
    const match = kind.exec(bytes.toString("latin1", from, Math.min(end, from + headBytes)));
    kinds.push(`${match?.[1] ?? match?.[2] ?? "?"}${newline === -1 ? "~" : ""}`);
    from = end + 1;
  }
  return kinds.join(" ");
}
