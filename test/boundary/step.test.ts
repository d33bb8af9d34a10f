/** Operations in words: the same in every run, wherever its folder is. */
import { expect, it } from "vitest";
import { stepOf } from "../../harness/boundary/step.ts";

it.each([
  ["/", "sync folder above all"],
  ["/tmp/h-8f3a/w0", "sync folder above all"],
  ["/tmp/h-8f3a/w0/r3", "sync folder above all"],
  ["/tmp/h-8f3a/w0/r3/subject/home", "sync home folder"],
  ["/tmp/h-8f3a/w0/r3/subject/data/17.json", "sync subject/data/*.json"],
  ["/var/lib", "sync /var/lib"],
])("%s is told as: %s", (path, step) => {
  expect(stepOf({ n: 1, op: "sync", path }, "/tmp/h-8f3a/w0/r3")).toBe(step);
});
