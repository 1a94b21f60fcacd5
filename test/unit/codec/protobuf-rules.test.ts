import { isDeepStrictEqual } from "node:util";
import { fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { sized, tag, utf8, varint, varint64 } from "../../support/protobuf-bytes.ts";
import { type WireEvent, type WireProject, wireProject } from "../../support/wire-project.ts";

type Value = Record<string, unknown>;

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

/** Fields of lists that may be packed: one item as its own bytes, and what it is. */
const packable: readonly (readonly [field: string, number: number, wireType: number, item: number[]])[] = [
  ["doubles", 1, 1, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]],
  ["floats", 2, 5, [0, 0, 0xc0, 0x3f]],
  ["ints", 3, 0, varint64(-5n)],
  ["longs", 4, 0, varint64(-(2n ** 63n))],
  ["signedInts", 5, 0, varint(2 ** 32 - 1)],
  ["unsignedLongs", 6, 0, varint64(2n ** 64n - 1n)],
  ["fixedInts", 7, 5, [255, 255, 255, 255]],
  ["signedFixedLongs", 8, 1, Array<number>(8).fill(255)],
  ["bools", 9, 0, [1]],
  ["colours", 12, 0, [1]],
  ["looseColours", 13, 0, varint64(-1n)],
  ["longTexts", 17, 0, varint64(2n ** 53n + 1n)],
];

/** Maps by the kind of their keys: the key's bytes, and what JavaScript calls it. */
const keys: readonly (readonly [field: string, number: number, key: number[], name: string])[] = [
  ["texts", 1, [...tag(1, 2), ...sized(utf8("ü"))], "ü"],
  ["ints", 3, [...tag(1, 0), ...varint64(-1n)], "-1"],
  ["longs", 4, [...tag(1, 0), ...varint64(-(2n ** 63n))], "-9223372036854775808"],
  ["unsignedInts", 5, [...tag(1, 0), ...varint(2 ** 32 - 1)], "4294967295"],
  ["unsignedLongs", 6, [...tag(1, 0), ...varint64(2n ** 64n - 1n)], "18446744073709551615"],
  ["signedInts", 7, [...tag(1, 0), 1], "-1"],
  ["signedLongs", 8, [...tag(1, 0), ...varint64(2n ** 64n - 1n)], "-9223372036854775808"],
  ["fixedInts", 9, [...tag(1, 5), 255, 255, 255, 255], "4294967295"],
  ["fixedLongs", 10, [...tag(1, 1), ...Array<number>(8).fill(255)], "18446744073709551615"],
  ["signedFixedInts", 11, [...tag(1, 5), 255, 255, 255, 255], "-1"],
  ["signedFixedLongs", 12, [...tag(1, 1), ...Array<number>(8).fill(255)], "-1"],
  ["bools", 13, [...tag(1, 0), 1], "true"],
];

const text = (number: number, content: string): number[] => [...tag(number, 2), ...sized(utf8(content))];
const inside = (number: number, ...bytes: number[]): number[] => [...tag(number, 2), ...sized(bytes)];

describe("the rules of Protobuf's wire format, as protobuf-es has them:", function () {
  this.timeout(60_000);
  let project: WireProject;
  const events = new Map<string, WireEvent>();

  before(async () => {
    project = await wireProject();
    for (const name of ["Scalars", "Lists", "Maps", "Choices"])
      events.set(name, await project.load("wire/v1/scalars", name));
    events.set("Little", await project.load("wire/v1/subset", "Little"));
  });

  const named = (name: string): WireEvent => events.get(name) ?? expect.fail(name);

  /** The value that both read, which both write as the same bytes again. */
  function read(name: string, ...bytes: readonly number[]): Value {
    const { event, schema } = named(name);
    const payload = Uint8Array.from(bytes);
    const theirs = fromBinary(schema, payload) as MessageShape<typeof schema>;
    const ours = event.codec.decode(payload);
    if (!isDeepStrictEqual(ours, theirs)) expect(ours).deep.equals(theirs);
    expect(hex(event.codec.encode(ours, 0))).equals(hex(toBinary(schema, theirs)));
    return ours as Value;
  }

  /** The bytes that both write, which both read to the same value. */
  function write(name: string, fields: Value): Uint8Array {
    const { event, schema } = named(name);
    const value = event.codec.create(fields);
    const bytes = event.codec.encode(value, 0);
    expect(hex(bytes)).equals(hex(toBinary(schema, value as MessageShape<typeof schema>)));
    if (!isDeepStrictEqual(event.codec.decode(bytes), value))
      expect(event.codec.decode(bytes)).deep.equals(value);
    return bytes;
  }

  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

  function refusal(work: () => unknown): unknown {
    try {
      work();
    } catch (error) {
      if (error instanceof KeryxError) return error.details["reason"];
      throw error;
    }
    return "nothing was refused";
  }
  const reasonOf = (name: string, ...bytes: readonly number[]): unknown =>
    refusal(() => named(name).event.codec.decode(Uint8Array.from(bytes)));

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

  describe("lists", () => {
    for (const [field, number, wireType, item] of packable) {
      it(`${field}: packed, unpacked and both at once`, () => {
        const packed = inside(number, ...item, ...item);
        const loose = [...tag(number, wireType), ...item];
        const [value] = read("Lists", ...loose)[field] as unknown[];
        expect(read("Lists", ...packed)[field]).deep.equals([value, value]);
        expect(read("Lists", ...loose, ...packed, ...loose)[field]).deep.equals([value, value, value, value]);
        expect(read("Lists", ...inside(number))[field]).deep.equals([]);
      });

      it(`${field}: a packed list that ends within an item is refused`, () => {
        const cut = item.at(-1)! < 0x80 && item.length === 1 ? [0x80] : item.slice(0, -1);
        expect(reasonOf("Lists", ...inside(number, ...item, ...cut))).equals("malformed");
      });
    }

    it("texts, bytes and messages keep their order and their empty items", () => {
      const value = read(
        "Lists",
        ...text(10, "a"),
        ...text(10, ""),
        ...inside(11),
        ...inside(14),
        ...text(10, "b"),
      );
      expect(value).deep.includes({ texts: ["a", "", "b"], bytes: [new Uint8Array()] });
      expect(value["money"]).has.length(1);
    });

    it("wrappers in a list are not unwrapped, and times are messages", () => {
      const value = read("Lists", ...inside(16, ...text(1, "n")), ...inside(15, ...tag(1, 0), 5));
      expect(value["names"]).deep.equals([{ $typeName: "google.protobuf.StringValue", value: "n" }]);
      expect(value["times"]).deep.equals([{ $typeName: "google.protobuf.Timestamp", seconds: 5n, nanos: 0 }]);
    });
  });

  describe("maps", () => {
    for (const [field, number, key, name] of keys)
      it(`${field}: keys of their kind, entries without a key or a value`, () => {
        const value = read("Maps", ...inside(number, ...key), ...inside(number));
        expect(Object.keys(value[field] as object))
          .includes(name)
          .and.has.length(2);
      });

    it("the last entry of a key wins, and its value may stand before its key", () => {
      const entry = (content: string): number[] => inside(1, ...text(2, content), ...text(1, "k"));
      expect(read("Maps", ...entry("one"), ...entry("two"))["texts"]).deep.equals({ k: "two" });
    });

    it("of several keys or values in one entry the last wins, and fields that no entry has are dropped", () => {
      const entry = inside(
        1,
        ...text(1, "a"),
        ...text(2, "x"),
        ...text(3, "?"),
        ...text(1, "b"),
        ...text(2, "y"),
      );
      expect(read("Maps", ...entry)["texts"]).deep.equals({ b: "y" });
    });

    it("a message that stands twice in one entry is merged", () => {
      const entry = inside(14, ...text(1, "k"), ...inside(2, 8, 7), ...inside(2, ...text(2, "EUR")));
      expect(read("Maps", ...entry)["money"]).deep.equals({
        k: { $typeName: "wire.v1.Money", units: 7n, currency: "EUR" },
      });
    });

    it("keys that JavaScript has plans for are entries like others", () => {
      for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
        const { texts } = read("Maps", ...inside(1, ...text(1, key), ...text(2, "v")));
        expect(Object.keys(texts as object)).deep.equals([key]);
        expect(Object.getPrototypeOf(texts)).equals(Object.prototype);
      }
    });

    it("maps inside maps, enums, wrappers and durations are values", () => {
      const value = read(
        "Maps",
        ...inside(17, ...text(1, "in"), ...inside(2, ...inside(1, ...text(1, "k"), ...text(2, "v")))),
        ...inside(4, ...tag(1, 0), 1, ...tag(2, 0), 99),
        ...inside(16, ...text(1, "f"), ...inside(2, 8, 1)),
        ...inside(15, ...text(1, "d"), ...inside(2, 8, 3)),
      );
      expect(value).nested.property("maps.in.texts.k", "v");
      expect(value).nested.property("longs.1", 99);
      expect(value).nested.property("durations.d.seconds", 3n);
    });
  });

  describe("oneofs", () => {
    it("the case that came last wins, and a zero value is kept", () => {
      expect(read("Choices", ...text(1, "x"), ...tag(3, 0), 0)["first"]).deep.equals({
        case: "long",
        value: 0n,
      });
      expect(read("Choices", ...tag(3, 0), 1, ...text(1, ""))["first"]).deep.equals({
        case: "text",
        value: "",
      });
    });

    it("a message of the same case is merged, one after another case begins anew", () => {
      const merged = read("Choices", ...inside(5, 8, 7), ...inside(5, ...text(2, "EUR")));
      expect(merged).nested.property("first.value.units", 7n);
      const anew = read("Choices", ...inside(5, 8, 7), ...text(1, "x"), ...inside(5, ...text(2, "EUR")));
      expect(anew).nested.property("first.value.units", 0n);
    });

    it("every kind of member is read and written, between the numbers of other fields too", () => {
      for (const first of [{ case: "text", value: "t" }, { case: "long", value: -1n }, { case: undefined }])
        for (const second of [
          { case: "bool", value: false },
          { case: "bytes", value: new Uint8Array() },
          { case: "colour", value: 99 },
          { case: "longText", value: "9007199254740993" },
          { case: undefined },
        ])
          write("Choices", { first, second, between: "b" });
    });

    it("two oneofs of a message do not touch each other", () => {
      const value = read("Choices", ...text(1, "x"), ...tag(4, 0), 1);
      expect(value).deep.nested.includes({ "first.case": "text", "second.case": "bool" });
    });
  });

  describe("merging", () => {
    it("a message that stands twice: its scalars replace, its lists append, its maps join, its messages merge", () => {
      const child = (...bytes: number[]): number[] => inside(12, ...bytes);
      const value = read(
        "Choices",
        ...child(...text(2, "one"), ...inside(13, ...text(2, "a")), ...inside(14, 8, 5)),
        ...child(...text(2, "two"), ...inside(13, ...text(2, "b")), ...inside(14, 16, 6)),
      );
      expect(value).nested.includes({ "child.between": "two", "child.at.seconds": 5n, "child.at.nanos": 6 });
      expect(value).nested.property("child.children").has.length(2);
    });

    it("a wrapper and a time that stand twice are merged as the messages that they are", () => {
      expect(read("Choices", ...inside(16, ...text(1, "x")), ...inside(16))).includes({ wrappedText: "x" });
      expect(read("Choices", ...inside(17, 8, 1), ...inside(17, 8, 0))).includes({ wrappedLong: 0n });
    });

    it("what no schema knows is appended", () => {
      const value = read("Choices", ...inside(12, ...tag(99, 0), 1), ...inside(12, ...tag(98, 0), 2));
      expect(value).nested.property("child.$unknown").has.length(2);
    });
  });

  describe("unknown fields", () => {
    const kinds: Readonly<Record<string, readonly number[]>> = {
      varint: [...tag(99, 0), ...varint64(2n ** 64n - 1n)],
      "of 64 bits": [...tag(99, 1), 1, 2, 3, 4, 5, 6, 7, 8],
      "of a length": inside(99, 1, 2, 3),
      group: [...tag(99, 3), ...tag(1, 0), 1, ...inside(2, 9), ...tag(3, 3), ...tag(3, 4), ...tag(99, 4)],
      "of 32 bits": [...tag(99, 5), 1, 2, 3, 4],
      "with the highest number": [...varint64(0xffff_fff8n), 1],
    };
    for (const [kind, bytes] of Object.entries(kinds))
      it(`${kind}: kept, and written behind the known ones`, () => {
        const value = read("Little", ...bytes, ...text(2, "x"));
        expect([...named("Little").event.codec.encode(value, 0)]).deep.equals([...text(2, "x"), ...bytes]);
      });

    it("keep their order, and a message that held nothing else", () => {
      const bytes = [...tag(99, 0), 1, ...tag(50, 0), 2, ...tag(99, 0), 3];
      expect([...named("Little").event.codec.encode(read("Little", ...bytes), 0)]).deep.equals(bytes);
    });

    it("keep enum numbers that no name stands for where they are", () => {
      expect(read("Scalars", ...tag(16, 0), ...varint(99))).includes({ colour: 99 });
      expect(read("Lists", ...inside(12, 99))["colours"]).deep.equals([99]);
    });

    it("are refused where they are no fields: numbers of zero, unknown wire types, groups that do not match", () => {
      for (const bytes of [
        [0, 0],
        [...tag(99, 6), 0],
        [...tag(99, 7), 0],
        tag(99, 4),
        tag(99, 3),
        [...tag(99, 3), ...tag(98, 4)],
        [0x80, 0x80, 0x80, 0x80, 0x10, 0],
        [0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0],
      ])
        expect(reasonOf("Little", ...bytes), hex(Uint8Array.from(bytes))).equals("malformed");
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
