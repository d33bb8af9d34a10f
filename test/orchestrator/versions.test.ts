/**
 * A version that records more than this one knows: it takes over from this one, and this one from it.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundleServer, type Event, Place } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
let bundle = "";
let newer = "";
let place: Place;

beforeAll(async () => {
  bundle = await bundleServer(folder);
  newer = await bundleNewer(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  place = new Place(bundle);
});
afterEach(() => place.clean());

/** A version to come: it has a record of its own beside every cover, and fields that no record has today. */
const changes: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "records.ts": [
    [
      "  /** The evidence of a verdict was stored. */",
      "  weather: { sessionId: string; sky: string };\n  /** … */",
    ],
    [
      '  cut: { sessionId: "text", path: "text" },',
      '  cut: { sessionId: "text", path: "text" }, weather: { sky: "text" },',
    ],
  ],
  "follow.ts": [
    [
      'records.push(recorder.record("cover", cover, synced));',
      'records.push(recorder.record("cover", { ...cover, mood: "bright" } as typeof cover, synced), recorder.record("weather", { sessionId: this.#session.id, sky: "blue" }));',
    ],
  ],
};

async function bundleNewer(into: string): Promise<string> {
  const outfile = join(into, "newer.mjs");
  const applied = new Set<string>();
  await build({
    entryPoints: [join(import.meta.dirname, "../../src/orchestrator/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    outfile,
    logLevel: "error",
    plugins: [
      {
        name: "newer",
        setup: (building) =>
          building.onLoad({ filter: /src\/session\/(records|follow)\.ts$/ }, async ({ path }) => {
            const name = path.slice(path.lastIndexOf("/") + 1);
            let contents = await readFile(path, "utf8");
            for (const [from, to] of changes[name] ?? []) {
              if (!contents.includes(from)) throw new Error(`${name} no longer holds: ${from}`);
              contents = contents.replace(from, to);
              applied.add(name);
            }
            return { contents, loader: "ts" };
          }),
      },
    ],
  });
  expect([...applied].sort()).toEqual(["follow.ts", "records.ts"]);
  return outfile;
}

describe("reload from this version to a newer one and back", () => {
  it("keeps every event once, and what the older does not know", async () => {
    place.fifo("one");
    place.fifo("two");
    place.steps(
      1,
      "started; call c1 a; wait_for one; result c1 A; call c2 b; wait_for two; result c2 B; completed",
    );
    const first = await place.start();
    const id = await first.submit(place.workspace);
    const seen = await first.events(id, (event) => event.callId === "c1");
    await first.kill("SIGTERM");
    const second = await place.startBundle(newer);
    const middle = second.events(id, (event) => event.callId === "c2", seen.at(-1)?.id);
    await place.release("one");
    seen.push(...(await middle));
    await second.kill("SIGTERM");
    const third = await place.start();
    const rest = third.events(id, (event) => event.type === "run-ended", seen.at(-1)?.id);
    await place.release("two");
    seen.push(...(await rest));
    const shown = seen.filter((event) => event.id !== undefined && event.type !== "finding");
    expect(shown.map((event: Event) => event.type)).toEqual([
      "prompt",
      "session",
      "call",
      "result",
      "call",
      "result",
      "turn-end",
      "exited",
      "run-ended",
    ]);
    const session = await third.session(id, "?check=1");
    expect(session).toMatchObject({ state: "completed" });
    expect((session.history as Event[]).map((event) => event.id)).toEqual(
      expect.arrayContaining(shown.map((event) => event.id)),
    );
    const journal = join(place.home, "journal");
    const records = readdirSync(journal).map((name) => readFileSync(join(journal, name), "utf8"));
    expect(records.join("")).toContain('"weather"');
    await third.kill("SIGTERM");
    const fourth = await place.startBundle(newer);
    expect((await fourth.session(id)).history).toEqual(session.history);
  });
});
