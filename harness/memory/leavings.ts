/**
 * All states that a power cut may leave at one moment, without making any: which answers the questions of looks.ts have
 * there, and in which of the states each.
 *
 * Always: a question is about one choice alone, or about nothing that is open. So a set of states is a set of options for
 * each choice, and an answer leaves such a set.
 */
import { applyChange, type Disk } from "./disk.ts";
import { hashOfText } from "./hash.ts";
import { answerOf, contentAnswer, contentOf, type Look, nameAt, namesAnswer, namesIn } from "./looks.ts";
import { type DiskNode, FileNode, FolderNode } from "./nodes.ts";
import type { Choices, EntryChoice } from "./power.ts";

/** For each choice, the options that are left: all states that are made of them. */
export type StateSet = readonly (readonly number[])[];

/** A set of states that can be asked. */
export interface StateSpace {
  /** Every state. */
  readonly all: StateSet;
  /** The answers that the question may have in a set of states, with the states in which it has each. */
  answers(what: string, states: StateSet): ReadonlyMap<string, StateSet>;
}

/** Folder → every name that any state has in it. */
export type PossibleNames = ReadonlyMap<string, readonly string[]>;

/** One question: the choice that it is about, and the answer by option; or the one answer that there is. */
type Question = { readonly choice: number; readonly answers: readonly string[] } | string;

export class Leavings implements StateSpace {
  readonly all: StateSet;
  readonly possible = new Map<string, readonly string[]>();
  readonly #earlier: PossibleNames | undefined;
  readonly #questions = new Map<string, Question>();
  readonly #choiceOfFile = new Map<FileNode, number>();
  readonly #choices: Choices;

  /** @param earlier what was possible at the power cut before, of which not everything may have been looked at. */
  constructor(disk: Disk, choices: Choices, earlier?: PossibleNames) {
    this.#choices = choices;
    this.#earlier = earlier;
    const { entries, files } = choices;
    this.all = [...entries, ...files].map(({ options }) => Array.from({ length: options }, (_, at) => at));
    for (const [at, { file }] of files.entries()) this.#choiceOfFile.set(file, entries.length + at);
    this.#visit(disk.root, "");
  }

  answers(what: string, states: StateSet): ReadonlyMap<string, StateSet> {
    const question = this.#questions.get(what) ?? (what.startsWith("name ") ? "nothing" : "");
    if (typeof question === "string") return new Map([[question, states]]);
    const { choice, answers } = question;
    const left = new Map<string, number[]>();
    for (const option of states[choice] ?? []) {
      const answer = answers[option] ?? "";
      const options = left.get(answer);
      if (options === undefined) left.set(answer, [option]);
      else options.push(option);
    }
    const [only] = left.keys();
    if (left.size === 1 && only !== undefined) return new Map([[only, states]]);
    return new Map([...left].map(([answer, options]) => [answer, states.with(choice, options)]));
  }

  /** Two moments with one are equal in every state, however it is looked at. */
  get hash(): number {
    const told = [...this.#questions].map(([what, question]) =>
      typeof question === "string" ? `${what} ${question}` : `${what} ${question.answers.join(",")}`,
    );
    return hashOfText(told.sort().join("\n"));
  }

  #visit(folder: FolderNode, path: string): void {
    if (this.possible.has(path)) throw new Error(`Two folders may stand at ${path}: not understood.`);
    const names = new Map<string, { choice: number; nodes: readonly (DiskNode | undefined)[] } | DiskNode>();
    for (const [name, node] of folder.durable) names.set(name, node);
    for (const [choice, open] of this.#choices.entries.entries())
      for (const [name, nodes] of nodesByOption(folder, open)) names.set(name, { choice, nodes });
    const possible = [...new Set([...names.keys(), ...(this.#earlier?.get(path) ?? [])])].sort();
    this.possible.set(path, possible);
    this.#questions.set(namesIn(path), namesAnswer(possible));
    for (const [name, one] of names) {
      const at = `${path}/${name}`;
      const nodes = "nodes" in one ? one.nodes : [one];
      this.#questions.set(
        nameAt(at),
        "nodes" in one ? { choice: one.choice, answers: one.nodes.map(answerOf) } : answerOf(one),
      );
      for (const node of new Set(nodes)) {
        if (node instanceof FolderNode) this.#visit(node, at);
        else if (node instanceof FileNode) this.#file(node);
      }
    }
  }

  #file(file: FileNode): void {
    const choice = this.#choiceOfFile.get(file);
    const contents = this.#choices.files[(choice ?? 0) - this.#choices.entries.length]?.contents;
    this.#questions.set(
      contentOf(file.id),
      choice === undefined || contents === undefined
        ? contentAnswer(file.unseen)
        : { choice, answers: contents.map(contentAnswer) },
    );
  }
}

/** The states of a set in which each of the questions had the answer that it had. */
export function narrowed(space: StateSpace, looks: readonly Look[], states: StateSet = space.all): StateSet {
  return looks.reduce((left, { what, answer }) => space.answers(what, left).get(answer) ?? [], states);
}

/** What may stand at each name of a folder that the choice is about, by option. */
function nodesByOption(
  folder: FolderNode,
  { changes, sure, options }: EntryChoice,
): Map<string, (DiskNode | undefined)[]> {
  const own = changes.filter((change) => change.folder === folder);
  const names = new Set(own.flatMap(({ sets }) => sets.map(([name]) => name)));
  const found = new Map<string, (DiskNode | undefined)[]>([...names].map((name) => [name, []]));
  if (names.size === 0) return found;
  for (let option = 0; option < options; option += 1) {
    const entries = new Map(folder.durable);
    for (const change of changes.slice(0, sure + option))
      if (change.folder === folder) applyChange(entries, change);
    for (const [name, nodes] of found) nodes.push(entries.get(name));
  }
  return found;
}

/** How many states there are in a set. */
export function sizeOf(states: StateSet): bigint {
  return states.reduce((product, options) => product * BigInt(options.length), 1n);
}
