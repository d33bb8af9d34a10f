/**
 * The children that a hold has given to its host.
 *
 * Always: at a session stands the one of its agent at work, until that has ended; all of them are let go of at the end.
 */
import type { AgentChild } from "../host/agent-child.ts";

export class Children {
  readonly #atWork = new Map<string, AgentChild>();
  readonly #all = new Set<AgentChild>();

  /** Notes a child until its agent has ended, when what is left of it comes to an end by itself, or it is not read. */
  add(child: AgentChild): AgentChild {
    const forget = () => this.#all.delete(child);
    this.#all.add(child);
    child.once("exit", forget);
    child.stdout.once("close", forget);
    return child;
  }

  /** The child of the agent at work on a session. */
  at(sessionId: string): AgentChild | undefined {
    return this.#atWork.get(sessionId);
  }

  setAt(sessionId: string, child: AgentChild): void {
    this.#atWork.set(sessionId, child);
    child.once("exit", () => {
      if (this.#atWork.get(sessionId) === child) this.#atWork.delete(sessionId);
    });
  }

  /** Reads no more of any, and leaves their agents alone. */
  release(): void {
    for (const child of [...this.#all, ...this.#atWork.values()]) child.release();
  }
}
