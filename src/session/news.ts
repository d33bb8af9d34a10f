/**
 * What a follower has been told of and has not looked at yet.
 *
 * Always: what is told while somebody looks is looked at afterwards; told many times, it is looked at once.
 */

/** `said`: the agent's stdout has grown, and nothing else is known to have changed; `any`: anything may have. */
export type New = "said" | "any";

export class News {
  #new: New | undefined = "any";
  #wake = () => {};
  #isAwaited = false;

  /** Everything that was told has been looked at, and somebody waits for more. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  tell(what: New): void {
    this.#new = this.#new === "any" ? "any" : what;
    this.#wake();
  }

  /** Everything has been looked at. */
  clear(): void {
    this.#new = undefined;
  }

  /** Resolves when there is something that nobody has looked at, and takes it for looked at. One waits at a time. */
  async next(): Promise<New> {
    this.#isAwaited = true;
    while (this.#new === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#isAwaited = false;
    const what = this.#new;
    this.clear();
    return what;
  }
}
