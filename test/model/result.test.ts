import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestResult, isShortened, noteCut, resultsAgree, shortenResult } from "../../src/model/result.ts";

const whole = (content: string, isError = false) => ({ content, isError, cut: false });
const cut = (content: string) => ({ content, isError: false, cut: true });

describe("results", () => {
  it("that are whole agree only if they are equal", () => {
    expect(resultsAgree(whole("a"), whole("a"))).toBe(true);
    expect(resultsAgree(whole("a"), whole("ab"))).toBe(false);
    expect(resultsAgree(whole("a"), whole("a", true))).toBe(false);
  });

  it("that are cut agree with what they can be the beginning of", () => {
    expect(resultsAgree(cut("a"), whole("ab"))).toBe(true);
    expect(resultsAgree(whole("ab"), cut("a"))).toBe(true);
    expect(resultsAgree(cut("b"), whole("ab"))).toBe(false);
    expect(resultsAgree(cut("ab"), whole("a"))).toBe(false);
    expect(resultsAgree(cut(noteCut("a")), whole("ab"))).toBe(true);
  });

  it("of which the whole one is the best, then the longest", () => {
    expect(bestResult([cut("aaa"), whole("a")])).toEqual(whole("a"));
    expect(bestResult([cut("a"), cut("aa")])).toEqual(cut("aa"));
    expect(bestResult([])).toBeUndefined();
  });
});

describe("shortenResult", () => {
  it("leaves a short text alone", () => {
    expect(shortenResult("abc", "there", 3)).toBe("abc");
    expect(isShortened("abc")).toBe(false);
  });

  it("is known again, agrees with its whole and with what the log cut, and with no other", () => {
    const long = fc.string({ minLength: 120, maxLength: 400, unit: "binary" });
    fc.assert(
      fc.property(long, fc.nat(60), (content, size) => {
        const short = cut(shortenResult(content, "The whole is in a [file]\nover there.", 100));
        expect(isShortened(short.content)).toBe(true);
        expect(resultsAgree(short, whole(content))).toBe(true);
        expect(resultsAgree(cut(content.slice(0, size)), short)).toBe(true);
        expect(resultsAgree(short, whole(`${content}x`))).toBe(false);
        expect(resultsAgree(short, whole(`x${content}`))).toBe(false);
      }),
    );
  });
});
