import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, jsonValueEnd, parseJson } from "../../src/model/json.ts";

describe("canonicalJson", () => {
  it("does not depend on the order of keys, and tells other values apart", () => {
    expect(canonicalJson({ b: [2, { d: 1, c: 2 }], a: "x" })).toBe('{"a":"x","b":[2,{"c":2,"d":1}]}');
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("parseJson", () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}"x"${"]}".repeat(levels / 2)}`;

  it("gives what is JSON, and nothing for what is none", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
    expect(parseJson("{")).toBeUndefined();
  });

  it("gives nothing for what is too deep to be written again", () => {
    expect(parseJson(nested(1_000))).toBeDefined();
    expect(parseJson(nested(1_002))).toBeUndefined();
    expect(parseJson(nested(100_000))).toBeUndefined();
    expect(parseJson(`[${"1,".repeat(2_000)}${nested(1_000)}]`)).toBeUndefined();
  });
});

describe("jsonValueEnd", () => {
  const encoder = new TextEncoder();

  it("finds the end of any value, whatever follows", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", ",1", " }", "]", "\n{}"), (value, rest) => {
        const text = JSON.stringify(value);
        expect(jsonValueEnd(encoder.encode(text + rest), 0)).toBe(encoder.encode(text).length);
      }),
    );
  });

  it("of an object that is cut: none", () => {
    const bytes = encoder.encode('{"a":"x\\"}","b":[1,{"c":2}]}');
    for (let size = 1; size < bytes.length; size += 1) {
      expect(jsonValueEnd(bytes.subarray(0, size), 0)).toBeUndefined();
    }
  });

  it("does not mind how deep it is", () => {
    const depth = 1_000_000;
    expect(jsonValueEnd(encoder.encode("[".repeat(depth) + "]".repeat(depth)), 0)).toBe(2 * depth);
  });
});
