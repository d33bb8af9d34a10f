import { expect, it } from "vitest";
import { Places } from "../../../harness/memory/chooser/places.ts";
import { Random } from "../../../harness/memory/random.ts";

/** 200 calls of one kind, one of another. */
const steps = Array.from({ length: 201 }, (_, at) => (at === 150 ? "rare" : "common"));
const shape = { calls: 201, steps, phases: steps.map(() => "one") };

it("a step that is rare among the calls is met as often as one that is common", () => {
  const places = new Places(4);
  const random = new Random(1);
  const drawn = Array.from({ length: 40 }, () => places.draw(shape, random));
  expect(drawn.filter((call) => call === 151).length).toBeGreaterThan(10);
  expect(new Set(drawn).size).toBeGreaterThan(10);
});

it("a phase of few calls is met as often as one of many", () => {
  const places = new Places(1_000);
  const random = new Random(3);
  const phases = steps.map((_, at) => (at < 5 ? "short" : "long"));
  const drawn = Array.from({ length: 40 }, () => places.draw({ ...shape, phases }, random));
  expect(drawn.filter((call) => call <= 5).length).toBe(20);
});

it("draws among some calls only, where it is told to", () => {
  const places = new Places(2);
  const random = new Random(2);
  for (let index = 0; index < 20; index += 1)
    expect([3, 5, 8]).toContain(places.draw(shape, random, [3, 5, 8]));
});
