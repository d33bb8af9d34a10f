/**
 * The reference orchestrator in a version to come: it records kinds of its own, adds fields to today's records, and shows
 * clients an event that today's version does not know.
 *
 * Always: made from the sources of today by patches that must fit. A plan lets it take over from today's version, and
 * today's from it.
 */
import type { SourcePatch } from "../launch/patch.ts";

const records = "src/session/records.ts";

export const nextVersion: readonly SourcePatch[] = [
  {
    file: records,
    find: "  /** The evidence of a verdict was stored. */",
    replace: `  weather: { sessionId: string; sky: string };
  remark: { sessionId: string; text: string; at: Place };
  /** The evidence of a verdict was stored. */`,
  },
  {
    file: records,
    find: '  cut: { sessionId: "text", path: "text" },',
    replace: `  cut: { sessionId: "text", path: "text" },
  weather: { sky: "text" },
  remark: { sessionId: "text", text: "text", at: "object" },`,
  },
  {
    file: "src/session/state.ts",
    find: '    case "about":\n',
    replace: `    case "remark":
      show(session, record.data.at, "remark", { text: record.data.text });
      break;
    case "weather":
      return;
    case "about":
`,
  },
  {
    file: "src/session/follow.ts",
    find: 'records.push(recorder.record("cover", cover, synced));',
    replace: `records.push(
      recorder.record("cover", { ...cover, mood: "bright" } as typeof cover, synced),
      recorder.record("weather", { sessionId: this.#session.id, sky: "blue" }),
      recorder.fact(this.#session, "remark", { sessionId: this.#session.id, text: "so it was" }),
    );`,
  },
];
