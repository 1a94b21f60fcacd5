import { expect } from "chai";
import { headerInteger, headerText, lastHeader, toHeader } from "../../../src/core/headers.ts";

describe("headers", () => {
  it("the last occurrence of a name wins", () => {
    expect(headerText([toHeader("a", "1"), toHeader("b", "x"), toHeader("a", "2")], "a")).to.equal("2");
  });

  it("a null value and a missing name are both absent", () => {
    expect(lastHeader([["a", null]], "a")).to.equal(undefined);
    expect(lastHeader([], "a")).to.equal(undefined);
  });

  it("text that is not UTF-8 counts as absent", () => {
    expect(headerText([["a", Uint8Array.of(0xff, 0xfe)]], "a")).to.equal(undefined);
  });

  for (const [text, value] of [
    ["0", 0],
    ["42", 42],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", undefined],
    ["042", undefined],
    ["-1", undefined],
    ["1e3", undefined],
    ["", undefined],
    ["12345678901234567890", undefined],
  ] as const) {
    it(`reads the integer "${text}" as ${value}`, () => {
      expect(headerInteger([toHeader("n", text)], "n")).to.equal(value);
    });
  }
});
