/**
 * The look for a newer generation: has another server taken over?
 *
 * Always: asked while somebody waits, after each sync; so where the machine can tell at once, it takes no hand-over to
 * another thread, and the folder is listed only where a name may have come.
 * Never: what cannot be told is taken for "no".
 */
import type { Files } from "../model/ports.ts";
import { generationsIn, segmentName } from "./segment.ts";
import type { Appended } from "./types.ts";

export type Refusal = Extract<Appended, { ok: false }>;

export class Fence {
  readonly #files: Files;
  readonly #folder: string;
  /** Stamp of the folder before it was listed the last time. */
  #listedAt: string | undefined;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /**
   * Why a server whose newest segment is `generation` may not go on; undefined where it may.
   *
   * @param made where one looks while that server makes its next segment: resolves with the newest that is its own.
   */
  async refusal(generation: number, made: () => Promise<number>): Promise<Refusal | undefined> {
    try {
      const { statNow, listNow } = this.#files;
      const stamp = statNow?.(this.#folder)?.stamp;
      if (stamp !== undefined && stamp === this.#listedAt) {
        // No name has come since, unless within one tick of the system's clock: a newer life takes the next one first.
        const next = `${this.#folder}/${segmentName(generation + 1)}`;
        if (statNow?.(next) === undefined) return undefined;
      }
      this.#listedAt = stamp;
      const names = listNow === undefined ? await this.#files.list(this.#folder) : listNow(this.#folder);
      if (names === undefined) {
        return { ok: false, why: "failed", detail: `The journal's folder ${this.#folder} is gone.` };
      }
      const newest = generationsIn(names).at(-1) ?? 0;
      return newest > generation && newest > (await made()) ? fencedBy(newest) : undefined;
    } catch (error) {
      const detail = `${reason(error)}: it cannot be told whether another server has taken over.`;
      return { ok: false, why: "failed", detail };
    }
  }
}

export function fencedBy(generation: number): Refusal {
  const detail = `Another server has taken over: generation ${generation} (${segmentName(generation)}) exists.`;
  return { ok: false, why: "fenced", detail };
}

/** What went wrong, in words. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
