/**
 * Draws how the world ends in a run whose calls are known, and where.
 *
 * Always: each way has places of its own, met least first; a way that the models exclude is not drawn.
 */
import type { Crash } from "../crash.ts";
import { type DiskModel, powerModels } from "../power.ts";
import type { Random } from "../random.ts";
import type { Draw } from "./chooser.ts";
import { Places } from "./places.ts";
import type { Shape } from "./shape.ts";

type Ending = Pick<Draw, "crashes" | "layer">;
type Way = (shape: Shape, random: Random) => Ending;

export class Endings {
  readonly #ways: readonly Way[];
  readonly #besides: readonly Way[];
  readonly #power: readonly DiskModel[];

  constructor(models: readonly DiskModel[]) {
    this.#power = powerModels.filter((model) => models.includes(model));
    const kills = models.includes("kill");
    const ways: readonly (readonly [times: number, isPossible: boolean, way: Way])[] = [
      [6, kills, killed(new Places(6))],
      [6, kills, torn(new Places(6))],
      [5, kills, late(new Places(6))],
      [5, this.#power.length > 0, this.#cut(new Places(6))],
      [6, models.includes("posix"), dropped(new Places(6), kills)],
    ];
    this.#ways = ways.flatMap(([times, isPossible, way]) => (isPossible ? Array(times).fill(way) : []));
    this.#besides = [
      ...(kills ? [killed(new Places(6))] : []),
      ...(this.#power.length > 0 ? [this.#cut(new Places(6))] : []),
    ];
  }

  draw(shape: Shape, random: Random): Ending {
    const way = this.#ways[random.below(this.#ways.length)];
    return way?.(shape, random) ?? { crashes: [], layer: "gates" };
  }

  /** A plain kill or power cut, in a run that has something else: each hides a part of the other. */
  beside(shape: Shape, random: Random): readonly Crash[] {
    const way = this.#besides[random.below(this.#besides.length)];
    return way?.(shape, random).crashes ?? [];
  }

  #cut(places: Places): Way {
    return (shape, random) => {
      const first = this.#powerCut(places.draw(shape, random, shape.changes), random);
      const again = () => this.#powerCut(first.call + 1 + random.below(secondWithinCalls), random);
      return { crashes: random.oneIn(secondOneIn) ? [first, again()] : [first], layer: "power" };
    };
  }

  #powerCut(call: number, random: Random): Crash {
    const model = this.#power[random.below(this.#power.length)] ?? "posix";
    return { call, when: "before", model, ...(random.oneIn(3) ? { state: "least" } : {}) };
  }
}

/** One run in so many has a second crash, at one of so many calls behind the first: mostly in the recovery. */
const secondOneIn = 3;
const secondWithinCalls = 160;

function killed(places: Places): Way {
  return (shape, random) => {
    const call = places.draw(shape, random, shape.changes);
    const first = { call, when: random.oneIn(2) ? "before" : "after", model: "kill" } as const;
    const again = call + 1 + random.below(secondWithinCalls);
    const second = { call: again, when: "before", model: "kill" } as const;
    return { crashes: random.oneIn(secondOneIn) ? [first, second] : [first], layer: "boundary" };
  };
}

/** Records are written together and must not be believed apart: half of such a write. */
function torn(places: Places): Way {
  return (shape, random) => {
    const { appends, together } = shape;
    const call = places.draw(shape, random, together.length > 0 && !random.oneIn(3) ? together : appends);
    return { crashes: [{ call, when: "torn", model: "kill" }], layer: "boundary" };
  };
}

/** A write that was on its way when its server was killed arrives when the next one has begun. */
function late(places: Places): Way {
  return (shape, random) => {
    const call = places.draw(shape, random, shape.appends);
    const later = { call: call + 50 + random.below(150), when: "before", model: "kill" } as const;
    return { crashes: [{ call, when: "late", model: "kill" }, later], layer: "boundary" };
  };
}

/**
 * A sync fails and what it was to bring is gone; a power cut afterwards shows who believed it all the same: its own server,
 * or the next one where that was killed before it could do anything about it.
 */
function dropped(places: Places, mayKill: boolean): Way {
  return (shape, random) => {
    // What the journal alone holds nobody can make again.
    const drops = places.draw(shape, random, random.oneIn(3) ? shape.syncs : shape.journalSyncs);
    const cut = { when: "before", model: "posix", state: "least" } as const;
    const soon = drops + 1 + random.below(80);
    if (!mayKill || !random.oneIn(4)) return { crashes: [{ ...cut, call: soon, drops }], layer: "disk" };
    const kill = { call: drops + 1, when: "before", model: "kill", drops } as const;
    return { crashes: [kill, { ...cut, call: soon + 60 }], layer: "disk" };
  };
}
