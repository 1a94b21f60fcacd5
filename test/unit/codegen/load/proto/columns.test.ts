import { expect } from "chai";
import { columnOfByte, linesOf, offsetOfColumn } from "../../../../../codegen/load/proto/columns.ts";

describe("columns", () => {
  for (const [line, column, offset] of [
    ["abc", 0, 0],
    ["abc", 3, 3],
    ["abc", 4, undefined],
    ["\tx", 4, 1],
    ["\tx", 2, undefined],
    ["ab\tx", 4, 3],
    ["abcd\tx", 8, 5],
    ["中x", 2, 1],
    ["中x", 1, undefined],
    ["e\u0301x", 1, 2],
    ["😀x", 2, 2],
    ["👩‍👩‍👧x", 2, 8],
    ["🇩🇪x", 2, 4],
    ["❤️x", 2, 2],
    ["\u200bx", 0, 0],
    ["ｱx", 1, 1],
    ["한\u200b中", 4, 3],
    ["é", 9, undefined],
    ["中", 2, 1],
  ] as const) {
    it(`finds display column ${column} of ${JSON.stringify(line)} at ${offset}`, () => {
      expect(offsetOfColumn(line, column)).to.equal(offset);
    });
  }

  it("turns a byte column into a UTF-16 column", () => {
    expect(columnOfByte("中😀x", 8)).to.equal(4);
    expect(columnOfByte("abc", 1)).to.equal(1);
    expect(columnOfByte("abc", 0)).to.equal(1);
    expect(columnOfByte("abc", 99)).to.equal(4);
  });

  it("ends lines at line feeds only", () => {
    expect(linesOf("a\r\nb\u2028c\n")).to.deep.equal([
      { start: 0, text: "a\r" },
      { start: 3, text: "b\u2028c" },
      { start: 7, text: "" },
    ]);
  });
});
