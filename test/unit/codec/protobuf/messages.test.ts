import { expect } from "chai";
import { tag, varint, varint64 } from "../../../support/protobuf-bytes.ts";
import { hex, inside, protobufRules, text } from "../../../support/protobuf-rules.ts";

describe("the rules of Protobuf's wire format, as protobuf-es has them:", function () {
  this.timeout(60_000);
  const { named, read, write, reasonOf } = protobufRules();

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
});
