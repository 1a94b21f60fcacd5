import { expect } from "chai";
import { tag, utf8, varint64 } from "../../../support/protobuf-bytes.ts";
import { inside, protobufRules, refusal, text } from "../../../support/protobuf-rules.ts";

/** The edges of every scalar type, by the field that has it. */
const scalars: Readonly<Record<string, readonly unknown[]>> = {
  double: [0, -0, 1.5, Number.MIN_VALUE, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity],
  float: [0, -0, 1.5, 2 ** -149, 3.4028234663852886e38, Number.NaN, Infinity, -Infinity],
  int: [0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)],
  long: [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  unsignedInt: [0, 1, 2 ** 31, 2 ** 32 - 1],
  unsignedLong: [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
  signedInt: [0, -1, 1, -64, 64, 2 ** 31 - 1, -(2 ** 31)],
  signedLong: [0n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  fixedInt: [0, 1, 2 ** 32 - 1],
  fixedLong: [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n],
  signedFixedInt: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
  signedFixedLong: [0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  bool: [false, true],
  text: [
    "",
    "a",
    "x".repeat(24),
    "x".repeat(25),
    "x".repeat(127),
    "x".repeat(128),
    "żółć 😀",
    "\ufeff",
    "\u0000",
  ],
  bytes: [new Uint8Array(), Uint8Array.of(0), new Uint8Array(128).fill(255)],
  colour: [0, 1, -1, 99, 2 ** 31 - 1, -(2 ** 31)],
  longText: ["0", "9007199254740993", "-9223372036854775808", "9223372036854775807"],
  fixedText: ["0", "18446744073709551615"],
};

describe("the rules of Protobuf's wire format, as protobuf-es has them:", function () {
  this.timeout(60_000);
  const { named, read, write, reasonOf } = protobufRules();

  describe("scalars", () => {
    for (const [field, values] of Object.entries(scalars))
      it(`${field}: both ends of its range and what lies between`, () => {
        for (const value of values) write("Scalars", { [field]: value });
      });

    it("a zero value without presence is not written, one with presence is", () => {
      expect(write("Scalars", { int: 0, text: "", bool: false, double: 0, long: 0n })).has.length(0);
      for (const [field, zero] of Object.entries({
        ...{ maybeDouble: 0, maybeInt: 0, maybeLong: 0n, maybeBool: false, maybeText: "" },
        ...{ maybeBytes: new Uint8Array(), maybeColour: 0 },
      }))
        expect(write("Scalars", { [field]: zero }).length, field).greaterThan(1);
    });

    it("a negative zero is not the zero value", () => {
      expect(write("Scalars", { double: -0 })).has.length(9);
      expect(write("Scalars", { float: -0 })).has.length(5);
    });

    it("a negative int32 or enum takes ten bytes", () => {
      expect(write("Scalars", { int: -1 })).has.length(11);
      expect(write("Scalars", { colour: -1 })).has.length(12);
    });

    it("fields come in any order and are written by number", () => {
      const bytes = [
        ...text(14, "x"),
        ...tag(3, 0),
        5,
        ...tag(105, 2),
        0,
        ...tag(1, 1),
        ...Array<number>(8).fill(1),
      ];
      expect(read("Scalars", ...bytes)).includes({ text: "x", int: 5, maybeText: "" });
    });

    it("the last of several wins, a zero too", () => {
      expect(read("Scalars", ...tag(3, 0), 5, ...tag(3, 0), 0)).includes({ int: 0 });
      expect(read("Scalars", ...text(14, "one"), ...text(14, ""))).includes({ text: "" });
    });

    it("a varint of 64 bits in a field of 32 loses its upper half", () => {
      expect(read("Scalars", ...tag(3, 0), ...varint64(2n ** 40n + 7n))).includes({ int: 7 });
      expect(read("Scalars", ...tag(5, 0), ...varint64(2n ** 63n + 2n ** 32n - 1n))).includes({
        unsignedInt: 2 ** 32 - 1,
      });
      expect(read("Scalars", ...tag(16, 0), ...varint64(2n ** 32n + 1n))).includes({ colour: 1 });
    });

    it("a bool is true for every varint but zero, however it is spelled", () => {
      for (const [bytes, value] of [
        [[2], true],
        [varint64(2n ** 63n), true],
        [[0x80, 0x80, 0x00], false],
      ] as const)
        expect(read("Scalars", ...tag(13, 0), ...bytes)).includes({ bool: value });
    });

    it("a varint may be longer than it has to be, up to ten bytes", () => {
      expect(read("Scalars", ...tag(3, 0), ...Array<number>(9).fill(0x80), 0)).includes({ int: 0 });
      expect(read("Scalars", ...tag(4, 0), ...Array<number>(9).fill(0xff), 1)).includes({ long: -1n });
      for (const field of [3, 4, 5, 7, 8, 13, 16, 99])
        expect(reasonOf("Scalars", ...tag(field, 0), ...Array<number>(10).fill(0x80), 1)).equals("malformed");
    });

    it("a fixed number that is cut off is refused", () => {
      for (const field of [1, 10, 12])
        expect(reasonOf("Scalars", ...tag(field, 1), 1, 2, 3)).equals("malformed");
      for (const field of [2, 9, 11])
        expect(reasonOf("Scalars", ...tag(field, 5), 1, 2, 3)).equals("malformed");
    });
  });

  describe("text", () => {
    const wrong: Readonly<Record<string, readonly number[]>> = {
      "a stray continuation": [0x80],
      "an overlong slash": [0xc0, 0xaf],
      "an overlong form of three bytes": [0xe0, 0x80, 0xaf],
      "a high surrogate": [0xed, 0xa0, 0x80],
      "a low surrogate": [0xed, 0xb0, 0x80],
      "more than U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
      "a byte that never occurs": [0xff],
      "a sequence that is cut off": [0xe2, 0x82],
    };
    const places: Readonly<Record<string, (bytes: readonly number[]) => readonly [string, number[]]>> = {
      field: (bytes) => ["Scalars", inside(14, ...bytes)],
      "list item": (bytes) => ["Lists", inside(10, ...bytes)],
      "map key": (bytes) => ["Maps", inside(1, ...inside(1, ...bytes))],
      "map value": (bytes) => ["Maps", inside(1, ...inside(2, ...bytes))],
      "oneof member": (bytes) => ["Choices", inside(1, ...bytes)],
      wrapper: (bytes) => ["Choices", inside(16, ...inside(1, ...bytes))],
    };
    for (const [what, bytes] of Object.entries(wrong))
      it(`${what} is refused wherever text stands, in short texts and long ones`, () => {
        for (const [place, at] of Object.entries(places))
          for (const around of [[], [...utf8("ascii")], Array<number>(200).fill(0x61)]) {
            const [name, payload] = at([...around, ...bytes]);
            expect(reasonOf(name, ...payload), place).equals("invalid-text");
          }
      });

    it("is not looked at in bytes and in unknown fields", () => {
      expect(read("Scalars", ...inside(15, 0xff))["bytes"]).deep.equals(Uint8Array.of(0xff));
      read("Little", ...inside(99, 0xff));
    });

    it("with half a surrogate pair is not written, wherever it stands", () => {
      for (const [name, fields] of [
        ["Scalars", { text: "\ud800" }],
        ["Scalars", { maybeText: `${"x".repeat(300)}\udc00` }],
        ["Lists", { texts: ["fine", "\udfff\ud800"] }],
        ["Maps", { texts: { "\ud800": "" } }],
        ["Maps", { texts: { a: "\ud800x" } }],
        ["Choices", { first: { case: "text", value: "\udc00" } }],
        ["Choices", { wrappedText: "\ud800" }],
      ] as const) {
        const { codec } = named(name).event;
        expect(
          refusal(() => codec.encode(codec.create(fields), 0)),
          JSON.stringify(fields),
        ).equals("invalid-text");
      }
    });
  });
});
