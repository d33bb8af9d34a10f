/** Class C: damage costs more than what it touched, or passes for the truth. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "one-bad-record-hides-the-journal",
    class: "C",
    story: "A segment with a bad record is read as empty.",
    like: "anthropics/claude-code#50347",
    expected: ["no-lost-run", "no-lost-shown-event"],
    patches: [
      {
        file: "src/journal/read-segment.ts",
        find: "    return { ...sequence(file.path, scan, seal), late };",
        replace: `    const all = sequence(file.path, scan, seal);
    if (all.damage.length > 0) ${reached};
    return { ...all, records: all.damage.length > 0 ? [] : all.records, late };`,
      },
      {
        file: "src/journal/read-segment.ts",
        find: "  const result = sequence(file.path, scan);",
        replace: `  const whole = sequence(file.path, scan);
  if (whole.damage.length > 0) ${reached};
  const result = { ...whole, records: whole.damage.length > 0 ? [] : whole.records };`,
      },
      {
        // The copy beside the spool would make it good again.
        file: "src/session/about.ts",
        find: "if (!idPattern.test(id)) return false;",
        replace: 'if (!idPattern.test(id) || id !== "") return false;',
      },
    ],
  },
  {
    id: "altered-bytes-shown-as-they-are",
    class: "C",
    story: "Bytes that are no longer those that were recorded are shown as if they were.",
    like: "anthropics/claude-code#76059",
    expected: ["result-unchanged", "no-lost-shown-event", "no-invented-call", "flag-iff-divergent"],
    patches: [
      {
        file: "src/session/units.ts",
        find: '  if (crc !== noCrc && crc32(bytes) !== crc) return { ...unit, status: "altered", lines: [] };',
        replace: `  if (crc !== noCrc && crc32(bytes) !== crc) ${reached};`,
      },
      {
        file: "src/session/units.ts",
        find: '  if (crc !== noCrc && found.crc !== crc) return { ...unit, status: "altered", lines: [] };',
        replace: `  if (crc !== noCrc && found.crc !== crc) ${reached};`,
      },
    ],
  },
  {
    id: "hole-passed-over",
    class: "C",
    story:
      "Where recorded bytes are missing, the history goes on behind them as if nothing had been there, and nobody is told.",
    like: "anthropics/claude-code#52387",
    expected: ["no-lost-shown-event", "flag-iff-divergent"],
    patches: [
      {
        // A finding with the range of the bytes would report the hole as well.
        file: "src/session/evidence.ts",
        find: "if (isHole(unit)) damage.push(holeDamage(path, unit));",
        replace: "if (isHole(unit)) void holeDamage;",
      },
      {
        file: "src/session/stream.ts",
        find: '      found.push(this.#placed(attempt.attempt, range.toByte, holeK, "hole", { range, why }));\n',
        replace: `      ${reached};\n      void [why, range, holeK];\n`,
      },
    ],
  },
  {
    id: "torn-snapshot-reads-as-empty",
    class: "C",
    story: "A snapshot that cannot be read is taken for one without messages, and raises nothing.",
    like: "openai/codex#24425",
    expected: ["flag-iff-divergent"],
    patches: [
      {
        file: "src/agent/ada/store.ts",
        find: '  if (!result.ok) return unreadable("S", path, "snapshot-unreadable", result.why, read.bytes.length);',
        replace: `  if (!result.ok) {
    ${reached};
    return { source: "S", path, status: "read", abilities: adaAbilities.S, facts: [], damage: [] };
  }`,
      },
    ],
  },
  {
    id: "damage-blamed-on-everybody",
    class: "C",
    story: "A damaged record of one session raises a finding on every session.",
    like: "germanescobar/coding-orchestrator, torn session file",
    expected: ["flag-iff-divergent", "neighbours-unharmed"],
    patches: [
      {
        file: "src/session/journal-damage.ts",
        find: "    for (const id of concerned) {",
        replace: `    if (concerned.length > 0) ${reached};
    for (const { id } of sessions) {`,
      },
    ],
  },
];
