import { expect } from "chai";
import { sized, tag, utf8, varint, varint64 } from "../../../support/protobuf-bytes.ts";
import { inside, protobufRules, text } from "../../../support/protobuf-rules.ts";

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

describe("the rules of Protobuf's wire format, as protobuf-es has them:", function () {
  this.timeout(60_000);
  const { read, reasonOf } = protobufRules();

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
});
