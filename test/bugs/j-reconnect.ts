/** Class J: a client that comes back misses events or gets them again. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "cursor-gives-its-own-event-again",
    class: "J",
    story: "A client that reconnects gets the event that it had last a second time.",
    like: "open-design PR#6721",
    expected: ["stream-resumes-without-gap"],
    patches: [
      {
        file: "src/session/stream.ts",
        find: "    return this.#after === undefined || comparePositions(position, this.#after) > 0;",
        replace: `    if (this.#after !== undefined) ${reached};
    return this.#after === undefined || comparePositions(position, this.#after) >= 0;`,
      },
    ],
  },
  {
    id: "cursor-skips-an-event",
    class: "J",
    story: "A client that reconnects misses the event behind the one that it had last.",
    like: "athrvk/vayu#21",
    expected: ["stream-resumes-without-gap"],
    patches: [
      {
        file: "src/session/stream.ts",
        find: "      this.#unitIndex = firstUnitEndingAt(attempt.covers, after.byteOffset);",
        replace: `      this.#unitIndex = firstUnitEndingAt(attempt.covers, after.byteOffset) + 2;
    ${reached};`,
      },
    ],
  },
  {
    id: "facts-share-one-place",
    class: "J",
    story:
      "Facts recorded at one place of the stream get one id: a client that comes back misses all but the first.",
    like: "vellum PR#36212",
    expected: ["stream-resumes-without-gap", "history-in-order"],
    patches: [
      {
        file: "src/session/place.ts",
        find: "k: same ? Math.max(last.k + 1, firstK) : firstK };",
        replace: `k: same && (${reached}, true) ? firstK : firstK };`,
      },
    ],
  },
  {
    id: "shown-before-synced",
    class: "J",
    story: "Lines are shown while their sync is still under way; a crash takes back what a person has seen.",
    like: "germanescobar/controller: streamed before it is stored",
    expected: ["durable-before-shown", "no-lost-shown-event"],
    patches: [
      {
        file: "src/session/recorder.ts",
        find: "#settle(record, sessionId, before, appended);",
        replace: `#settle(record, sessionId, before, type === "cover" && (${reached}, true) ? (Promise.resolve({ ok: true, generation: 0, n: 0, path: "", range: { fromByte: 0, toByte: 0 } }) as typeof appended) : appended);`,
      },
    ],
  },
];
