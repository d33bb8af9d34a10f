/**
 * What recoveries have looked at, as a tree: a branch is a run of looks with their answers, and behind it the question
 * at which recoveries part.
 *
 * Always: what a recovery asks next follows from the answers that it had so far. So a state whose answers lead to a
 * branch that was run before needs no run of its own. A look has its own branches only where a state that was
 * considered could answer otherwise.
 */
import type { Look } from "../looks.ts";

/** The looks of a run do not lead where they should have: something else than answers decided what was asked. */
export class NotByAnswers extends Error {}

export class Branch {
  /** Looks from here on, in order; the rest of the run where nothing parts. Undefined: not run. */
  looks: readonly Look[] | undefined;
  /** Where recoveries part behind them. */
  fork: { readonly what: string; readonly branches: Map<string, Branch> } | undefined;
  /** Settles when the run is over that is to tell the looks. */
  running: Promise<void> | undefined;

  /** Parts the recoveries at the look of that number, which so far all had one answer. */
  split(at: number): { readonly what: string; readonly branches: Map<string, Branch> } {
    const looks = this.looks ?? [];
    const look = looks[at];
    if (look === undefined) throw new Error("there is no such look");
    const rest = new Branch();
    rest.looks = looks.slice(at + 1);
    rest.fork = this.fork;
    this.looks = looks.slice(0, at);
    this.fork = { what: look.what, branches: new Map([[look.answer, rest]]) };
    return this.fork;
  }

  /** The branch of an answer; a new one where nothing was run that had it. */
  static behind({ branches }: NonNullable<Branch["fork"]>, answer: string): Branch {
    const known = branches.get(answer);
    if (known !== undefined) return known;
    const made = new Branch();
    branches.set(answer, made);
    return made;
  }

  /**
   * Takes the looks of a whole run, from this branch on, into the tree.
   *
   * @returns the branch that was new by it; undefined where all of it was known.
   * @throws NotByAnswers
   */
  take(run: readonly Look[]): Branch | undefined {
    let branch: Branch = this;
    let at = 0;
    for (;;) {
      if (branch.looks === undefined) {
        branch.looks = run.slice(at);
        return branch;
      }
      for (const [nth, look] of branch.looks.entries()) {
        const own = run[at];
        if (own?.what !== look.what) throw new NotByAnswers(`${look.what} was not asked, but ${own?.what}`);
        at += 1;
        if (own.answer === look.answer) continue;
        branch = Branch.behind(branch.split(nth), own.answer);
        break;
      }
      // Split just now, the new branch is taken up by the next turn.
      if (branch.looks === undefined) continue;
      if (branch.fork === undefined) {
        if (at < run.length) throw new NotByAnswers(`${run[at]?.what} was asked besides`);
        return undefined;
      }
      const own = run[at];
      if (own?.what !== branch.fork.what)
        throw new NotByAnswers(`${branch.fork.what} was not asked, but ${own?.what}`);
      at += 1;
      branch = Branch.behind(branch.fork, own.answer);
    }
  }
}
