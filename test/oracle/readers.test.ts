import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readLines } from "../../harness/oracle/lines.ts";
import { readAgentLog, readSnapshot, readSpool } from "../../harness/oracle/readers.ts";

const log = [
  { type: "session_start", data: {} },
  { type: "user_message", data: { text: "do it" } },
  {
    type: "assistant_response",
    data: { stopReason: "tool_use", content: [{ type: "tool_use", id: "c1", name: "run" }] },
  },
  { type: "tool_call", data: { id: "c1", tool: "run", input: {} } },
  { type: "tool_result", data: { toolCallId: "c1", tool: "run", content: "grün 😀", isError: false } },
  {
    type: "assistant_response",
    data: { stopReason: "end_turn", content: [{ type: "text", text: "Done." }] },
  },
]
  .map((record) => `${JSON.stringify(record)}\n`)
  .join("");

describe("the log reader", () => {
  test("reads prompts, replies, calls and results", () => {
    const read = readAgentLog({ role: "agent-log", path: "/l", content: log }) ?? expect.fail();
    expect(read.prompts).toEqual(["do it"]);
    expect(read.calls.get("c1")?.name).toBe("run");
    expect(read.results.get("c1")?.content).toBe("grün 😀");
    expect(read.lastTurnEnded).toBe(true);
    expect(read.lines.bad).toEqual([]);
  });

  test("cut at any byte, it keeps every whole record before the cut and reports the rest", () => {
    const bytes = Buffer.from(log);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length }), (at) => {
        const whole = bytes.subarray(0, at);
        const { records, bad } = readLines(whole);
        const newlines = whole.filter((byte) => byte === 0x0a).length;
        const rest = whole.subarray(whole.lastIndexOf(0x0a) + 1);
        const isWhole =
          rest.length > 0 &&
          log.includes(`${rest.toString()}\n`) &&
          rest.at(-1) === 0x7d &&
          bytes[at] === 0x0a;
        expect(records.length).toBe(newlines + (isWhole ? 1 : 0));
        expect(bad.length).toBe(rest.length > 0 && !isWhole ? 1 : 0);
      }),
    );
  });

  test("says of a torn record whether a whole one stands behind it, which is no object inside it", () => {
    const inside = '{"id":"1","type":"message","data":{"type":"text","text":"x"}';
    const whole = '{"id":"2","type":"message","timestamp":"2026-11-22T06:27:06.071Z","data":{}}';
    const hides = (line: string) => readLines(Buffer.from(line)).bad.map(({ hidesRecord }) => hidesRecord);
    expect(hides(`${inside}\n`)).toEqual([undefined]);
    expect(hides(`${inside}${whole}\n`)).toEqual([true]);
    expect(hides(`${inside}${whole.slice(0, -2)}\n`)).toEqual([undefined]);
  });

  test("never throws, and its spans lie in the file and do not overlap", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { records, bad } = readLines(Buffer.from(bytes));
        const spans = [...records, ...bad].map(({ fromByte, toByte }) => [fromByte, toByte] as const);
        for (const [from, to] of spans) {
          expect(from).toBeLessThan(to);
          expect(to).toBeLessThanOrEqual(bytes.length);
        }
      }),
    );
  });

  test.each([
    ["torn-tail", `${log}{"type":"tool_`],
    ["bad-record", log.replace('{"type":"tool_call"', '{"type:')],
    ["nul-run", `${log}\0\0\0\0\n`],
    ["glued-record", `{"a":1}{"b":"}{"}\n${log}`],
  ])("names %s", (what, content) => {
    const read = readLines(Buffer.from(content));
    expect(read.bad.map((span) => span.what)).toEqual([what]);
  });

  test("a line that is no UTF-8 is bad, and its neighbours are kept", () => {
    const bytes = Buffer.from('{"a":"x"}\n{"b":"y"}\n{"c":"z"}\n');
    bytes[16] = 0xff;
    const { records, bad } = readLines(bytes);
    expect(records.length).toBe(2);
    expect(bad).toEqual([{ fromByte: 10, toByte: 20, what: "bad-record" }]);
  });
});

describe("the spool reader", () => {
  test("reads calls, results, texts and the end", () => {
    const content = [
      { type: "tool.call", id: "c1", name: "run", input: { command: "x" } },
      { type: "tool.result", id: "c1", content: "r", isError: true },
      { type: "assistant.text", text: "hello" },
      { type: "run.completed" },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    const spool = readSpool({ role: "spool", path: "/s", content }) ?? expect.fail();
    expect([...spool.calls.keys(), ...spool.results.keys()]).toEqual(["c1", "c1"]);
    expect(spool.results.get("c1")?.isError).toBe(true);
    expect(spool.texts).toEqual(["hello"]);
    expect(spool.ended).toBe(true);
  });
  test("a file that is not there is not an empty one", () => {
    expect(readSpool({ role: "spool", path: "/s" })).toBeUndefined();
    expect(readSpool({ role: "spool", path: "/s", content: "" })?.lines.records).toEqual([]);
  });
});

describe("the snapshot reader", () => {
  test("reads prompts, texts, calls and results", () => {
    const messages = [
      { role: "user", content: "do it" },
      {
        role: "assistant",
        content: [
          { type: "text", text: "ok" },
          { type: "tool_use", id: "c1" },
        ],
      },
      { role: "user", content: [{ type: "tool_result", toolUseId: "c1", content: "r", isError: false }] },
    ];
    const read = readSnapshot({ role: "agent-snapshot", path: "/s", content: JSON.stringify({ messages }) });
    if (read === undefined || read === "unreadable") expect.fail();
    expect(read.prompts).toEqual(["do it"]);
    expect(read.assistantTexts).toEqual(["ok"]);
    expect([...read.callIds]).toEqual(["c1"]);
    expect(read.results.get("c1")?.content).toBe("r");
  });
  test.each(["", "{", "[]", '{"messages":1}', "null"])("is unreadable: %j", (content) => {
    expect(readSnapshot({ role: "agent-snapshot", path: "/s", content })).toBe("unreadable");
  });
});

test("readers share nothing with the code under test", () => {
  for (const file of [
    "readers",
    "truth",
    "truth-calls",
    "truth-unreadable",
    "flags",
    "facts",
    "attempts",
    "steps",
  ]) {
    const text = readFileSync(new URL(`../../harness/oracle/${file}.ts`, import.meta.url), "utf8");
    expect(text).not.toMatch(/from "[^"]*\/src\//);
  }
});
