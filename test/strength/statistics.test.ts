import { expect, it } from "vitest";
import { geometricMean, rateMax, spreadOf } from "../../harness/strength/statistics.ts";

it("a hunt that found nothing is longer than any that did", () => {
  expect(spreadOf([1, undefined, undefined])).toMatchObject({ median: undefined, missed: 2, of: 3 });
  expect(spreadOf([undefined, 2, 1])).toMatchObject({ median: 2, missed: 1, of: 3 });
});

it("the interval of the median of 30 goes from the 10th to the 20th or 21st value", () => {
  const { median, low, high } = spreadOf(Array.from({ length: 30 }, (_, index) => index + 1));
  expect([median, low, high]).toEqual([15, 10, 21]);
});

it("means and rates", () => {
  expect(geometricMean([1, 100])).toBeCloseTo(10);
  expect(geometricMean([])).toBeUndefined();
  expect([rateMax(3_000), rateMax(1), rateMax(0)]).toEqual([0.001, 1, 1]);
});
