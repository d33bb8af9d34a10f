/**
 * The rules of the layout as a test: what may import what, what only the host may touch, what every module opens with.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Module {
  /** From the root, with forward slashes. */
  readonly file: string;
  readonly text: string;
  /** Root-relative files for own modules, names for packages. */
  readonly imports: readonly string[];
}

async function modulesIn(folder: string): Promise<Module[]> {
  const names = await readdir(path.join(root, folder), { recursive: true });
  return Promise.all(
    names
      .filter((name) => name.endsWith(".ts"))
      .map(async (name) => {
        const file = path.posix.join(folder, name.split(path.sep).join("/"));
        const text = await readFile(path.join(root, file), "utf8");
        const found = [
          ...text.matchAll(
            /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)import\s+"([^"]+)"/g,
          ),
        ];
        const imports = found
          .map((match) => match[1] ?? match[2] ?? match[3] ?? "")
          .map((target) =>
            target.startsWith(".") ? path.posix.join(path.posix.dirname(file), target) : target,
          );
        return { file, text, imports };
      }),
  );
}

const source = await modulesIn("src");
const harness = await modulesIn("harness");
const scenarios = await modulesIn("scenarios");

function offences(
  modules: readonly Module[],
  isWrong: (module: Module, target: string) => boolean,
): string[] {
  return modules.flatMap((module) =>
    module.imports
      .filter((target) => isWrong(module, target))
      .map((target) => `${module.file} imports ${target}`),
  );
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");

const layerOf = (file: string): string => /^src\/([a-z-]+)\//.exec(file)?.[1] ?? "";

/** What each layer of the library may import besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  reconcile: ["model"],
  journal: ["model"],
  agent: ["model"],
  supervise: ["model"],
  probe: ["model"],
  host: ["model"],
  session: ["model", "reconcile", "journal", "agent", "supervise", "probe"],
  orchestrator: ["model", "journal", "agent", "supervise", "session", "host"],
  hold: ["model", "journal", "agent", "supervise", "session", "host"],
  inspect: ["model", "reconcile", "journal", "agent", "supervise", "probe", "session"],
  repair: ["model", "reconcile", "journal", "agent", "supervise", "probe", "inspect", "session"],
  cli: [
    "model",
    "reconcile",
    "journal",
    "agent",
    "supervise",
    "probe",
    "host",
    "session",
    "orchestrator",
    "inspect",
    "repair",
  ],
};

describe("imports", () => {
  it("of the library go one way", () => {
    expect(
      offences(source, ({ file }, target) => {
        const [from, to] = [layerOf(file), layerOf(target)];
        if (from === "" || to === "" || from === to) return false;
        return !(allowed[from] ?? []).includes(to);
      }),
    ).toEqual([]);
  });

  it("of the library never reach the harness", () => {
    expect(offences(source, (_, target) => /^(harness|scenarios|test)\//.test(target))).toEqual([]);
  });

  it("of the harness reach the library in the reference subjects and the simulation alone", () => {
    expect(
      offences(
        harness,
        ({ file }, target) =>
          target.startsWith("src/") && !/^harness\/(subject\/reference|memory\/)/.test(file),
      ),
    ).toEqual([]);
  });

  it("of the harness know the import for hosts in the subjects that show it alone", () => {
    expect(
      offences(
        harness,
        ({ file }, target) =>
          target.startsWith("holdfast/hold") && !/^harness\/subject\/[a-z]+-with-import\//.test(file),
      ),
    ).toEqual([]);
  });

  it("of fake agent, oracle and checks never reach the library, directly or over others", () => {
    const byFile = new Map(harness.map((module) => [module.file, module]));
    const reached = new Set(
      harness.filter(({ file }) => /^harness\/(agent|oracle|check)\//.test(file)).map(({ file }) => file),
    );
    for (const file of reached)
      for (const target of byFile.get(file)?.imports ?? []) if (byFile.has(target)) reached.add(target);
    expect(
      [...reached].flatMap((file) =>
        (byFile.get(file)?.imports ?? []).filter((target) => target.startsWith("src/")),
      ),
    ).toEqual([]);
  });

  it("of scenarios are data: nothing but the shape of plans", () => {
    expect(
      offences(
        scenarios,
        ({ file }, target) =>
          file !== "scenarios/index.ts" &&
          !/^(scenarios\/scenario\.ts|harness\/plan\/plan\.ts)$/.test(target),
      ),
    ).toEqual([]);
  });

  it("of fast-check stand in one place of the harness", () => {
    const draws = /^harness\/plan\/(generate|draw\/[a-z]+)\.ts$/;
    expect(offences(harness, ({ file }, target) => target === "fast-check" && !draws.test(file))).toEqual([]);
  });
});

describe("only the host", () => {
  const others = source.filter(({ file }) => layerOf(file) !== "host" && layerOf(file) !== "cli");

  it("imports node: modules", () => {
    expect(offences(others, (_, target) => target.startsWith("node:"))).toEqual([]);
  });

  it("knows the time, chance, timers and the process", () => {
    const forbidden =
      /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|process\.[a-z])/;
    // The page carries a script that runs in the browser.
    const ours = others.filter(({ file }) => file !== "src/orchestrator/page.ts");
    expect(
      ours.flatMap(({ file, text }) => {
        const match = forbidden.exec(withoutComments(text));
        return match === null ? [] : [`${file} uses ${match[0]}`];
      }),
    ).toEqual([]);
  });
});

describe("every module", () => {
  const all = [...source, ...harness];

  it("opens with what it is", () => {
    expect(all.filter(({ text }) => !/^(#![^\n]*\n)?\/\*\*/.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it("is one concept: at most 350 lines", () => {
    expect(all.filter(({ text }) => text.split("\n").length > 350).map(({ file }) => file)).toEqual([]);
  });

  it("has no escape hatch of the type system", () => {
    const hatch = /@ts-(ignore|nocheck|expect-error)|\bas any\b|: any\b/;
    expect(all.filter(({ text }) => hatch.test(withoutComments(text))).map(({ file }) => file)).toEqual([]);
  });
});
