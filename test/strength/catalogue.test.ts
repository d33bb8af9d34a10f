import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checks } from "../../harness/check/index.ts";
import { bugClasses } from "../../harness/strength/bug.ts";
import { bugs } from "../bugs/index.ts";
import { mutants as inMemory } from "../memory/mutants.ts";
import { loadMutants } from "../mutants/mutants.ts";

describe("the catalogue of seeded bugs", () => {
  it("has at least 40, of all twelve classes, each under an id of its own", () => {
    expect(bugs.length).toBeGreaterThanOrEqual(40);
    expect(new Set(bugs.map(({ id }) => id)).size).toBe(bugs.length);
    expect([...new Set(bugs.map((bug) => bug.class))].sort()).toEqual(Object.keys(bugClasses));
  });

  it.each(bugs.map((bug) => [bug.id, bug] as const))(
    "%s fits the sources and leaves its mark",
    async (_, bug) => {
      const known = checks.map(({ promise }) => promise);
      for (const promise of bug.expected) expect(known).toContain(promise);
      expect(bug.expected).not.toEqual([]);
      expect(bug.patches.some(({ replace }) => replace.includes("holdfastReached"))).toBe(true);
      for (const { file, find } of bug.patches) {
        const source = await readFile(new URL(`../../${file}`, import.meta.url), "utf8");
        expect([file, source.split(find).length - 1]).toEqual([file, 1]);
      }
    },
  );
});

it.each([...(await loadMutants()), ...inMemory].map(({ name, patches }) => [name, patches] as const))(
  "the mutant %s fits the sources",
  async (_, patches) => {
    for (const { file, find } of patches) {
      const source = await readFile(new URL(`../../${file}`, import.meta.url), "utf8");
      expect([file, source.split(find).length - 1]).toEqual([file, 1]);
    }
  },
);
