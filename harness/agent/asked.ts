/**
 * What a model was asked to do: marks in the words of a person, and what follows from those that reached it.
 *
 * Always: pure. Only the prompt that asks for a turn's work carries the turn's own mark; words like "go on" carry another,
 * which says whose work is meant to the harness and nothing to the model.
 */
import { type ModelInput, toldIn } from "./knows.ts";

/** Stands in the prompt that asks for a turn's work. */
export function askMark(session: number, turn: number): string {
  return `[turn s${session}t${turn}]`;
}

/** Stands in a prompt that asks to go on with it. */
export function againMark(session: number, turn: number): string {
  return `[again s${session}t${turn}]`;
}

/**
 * The latest turn that a mark names; a hand-over may quote earlier ones. Who goes on with the turn before one that was
 * refused, and is on record all the same, is given that one.
 */
export function turnOf(prompt: string): { session: number; turn: number } | undefined {
  const marks = [...prompt.matchAll(/\[(?:turn|again) s(\d+)t(\d+)\]/g)];
  const session = marks.at(-1)?.[1];
  if (session === undefined) return undefined;
  const turns = marks.filter((mark) => mark[1] === session).map((mark) => Number(mark[2]));
  return { session: Number(session), turn: Math.max(...turns) };
}

/**
 * Does the model know of this turn's work? One that was told of earlier turns only takes "go on" for those, which are
 * done; one that was told of no turn at all takes whatever it is asked for the planned work.
 */
export function isAsked(input: ModelInput, session: number, turn: number): boolean {
  const told = toldIn(input);
  if (told.includes(askMark(session, turn))) return true;
  return !Array.from({ length: turn }, (_, earlier) => askMark(session, earlier)).some((mark) =>
    told.includes(mark),
  );
}
