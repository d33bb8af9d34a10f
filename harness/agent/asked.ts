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

/** The turn of the last mark of either kind; a hand-over may quote earlier ones before it. */
export function turnOf(prompt: string): { session: number; turn: number } | undefined {
  const last = [...prompt.matchAll(/\[(?:turn|again) s(\d+)t(\d+)\]/g)].at(-1);
  return last === undefined ? undefined : { session: Number(last[1]), turn: Number(last[2]) };
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
