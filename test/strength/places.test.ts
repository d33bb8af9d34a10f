import { expect, it } from "vitest";
import { Random } from "../../harness/memory/random.ts";
import { Places } from "../../harness/strength/places.ts";

/** 200 calls of one kind, one of another. */
const steps = Array.from({ length: 201 }, (_, at) => (at === 150 ? "rare" : "common"));
const shape = { calls: 201, steps };

it("a step that is rare among the calls is met as often as one that is common", () => {
  const places = new Places(4);
  const random = new Random(1);
  const drawn = Array.from({ length: 40 }, () => places.draw(shape, random));
  expect(drawn.filter((call) => call === 151).length).toBeGreaterThan(10);
  expect(new Set(drawn).size).toBeGreaterThan(10);
});

it("draws among some calls only, where it is told to", () => {
  const places = new Places(2);
  const random = new Random(2);
  for (let index = 0; index < 20; index += 1)
    expect([3, 5, 8]).toContain(places.draw(shape, random, [3, 5, 8]));
});
