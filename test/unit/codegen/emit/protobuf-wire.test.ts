import { type DescMessage, fromBinary, type MessageShape, ScalarType, toBinary } from "@bufbuild/protobuf";
import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import { sized, tag, utf8, varint } from "../../../support/protobuf-bytes.ts";
import { type WireEvent, type WireProject, wireProject } from "../../../support/wire-project.ts";

describe("straight-line Protobuf code", function () {
  this.timeout(60_000);
  let project: WireProject;
  const events = new Map<string, WireEvent>();

  before(async () => {
    project = await wireProject();
    for (const name of ["Scalars", "Lists", "Maps", "Choices"])
      events.set(name, await project.load("wire/v1/scalars", name));
    events.set("Little", await project.load("wire/v1/subset", "Little"));
    events.set("Wide", await project.load("wire/v1/wide", "Wide"));
  });

  const named = (name: string): WireEvent => {
    const event = events.get(name);
    if (event === undefined) throw new Error(name);
    return event;
  };

  /** The decoded value, which must be protobuf-es' own. */
  function decode(name: string, ...bytes: readonly number[]): Record<string, unknown> {
    const { event, schema } = named(name);
    const payload = Uint8Array.from(bytes);
    const value = event.codec.decode(payload);
    expect(value).deep.equals(fromBinary(schema, payload) as MessageShape<typeof schema>);
    return value as Record<string, unknown>;
  }

  function reasonOf(name: string, ...bytes: readonly number[]): unknown {
    try {
      named(name).event.codec.decode(Uint8Array.from(bytes));
    } catch (error) {
      expect(error).instanceOf(KeryxError).property("code", "decode_failed");
      return (error as KeryxError).details["reason"];
    }
    throw new Error("nothing was refused");
  }

  function pathOf(name: string, value: object): unknown {
    try {
      named(name).event.codec.encode(value, 0);
    } catch (error) {
      expect(error).instanceOf(KeryxError).property("code", "encode_failed");
      const { path, reason } = (error as KeryxError).details;
      return `${path}: ${reason}`;
    }
    throw new Error("nothing was refused");
  }

  it("reads fields in any order, and the last of two scalars wins", () => {
    const value = decode(
      "Scalars",
      ...tag(14, 2),
      ...sized(utf8("one")),
      ...tag(3, 0),
      5,
      ...tag(14, 2),
      ...sized(utf8("two")),
    );
    expect(value).includes({ text: "two", int: 5 });
  });

  it("merges a message that stands twice, and replaces the case of a oneof", () => {
    const money = (...bytes: number[]): number[] => [...tag(5, 2), ...sized(bytes)];
    const merged = decode("Choices", ...money(8, 7), ...money(18, ...sized(utf8("EUR"))));
    expect(merged["first"]).deep.equals({
      case: "money",
      value: { $typeName: "wire.v1.Money", units: 7n, currency: "EUR" },
    });
    const replaced = decode("Choices", ...money(8, 7), ...tag(3, 0), 9, ...money(18, ...sized(utf8("x"))));
    expect(replaced["first"]).deep.nested.include({
      case: "money",
      "value.units": 0n,
      "value.currency": "x",
    });
  });

  it("reads lists packed and unpacked, whichever the schema says", () => {
    for (const number of [3, 4])
      expect(
        Object.values(decode("Lists", ...tag(number, 2), ...sized([1, 2]), ...tag(number, 0), 3))
          .flat()
          .map(Number)
          .filter((item) => item > 0),
      ).deep.equals([1, 2, 3]);
  });

  it("reads entries of maps without key or value, and keys that JavaScript has plans for", () => {
    const entry = (number: number, ...bytes: number[]): number[] => [...tag(number, 2), ...sized(bytes)];
    const key = [...tag(1, 2), ...sized(utf8("__proto__"))];
    const value = decode(
      "Maps",
      ...entry(1),
      ...entry(1, ...key, ...tag(2, 2), ...sized(utf8("v"))),
      ...entry(14, ...key),
    );
    expect(Object.entries(value["texts"] as object)).deep.equals(
      [
        ["", "v"],
        ["__proto__", "v"],
      ].map(([name, text]) => [name, name === "" ? "" : text]),
    );
    expect(Object.getPrototypeOf(value["texts"])).equals(Object.prototype);
    expect(Object.hasOwn(value["money"] as object, "__proto__")).equals(true);
    expect(({} as { v?: unknown }).v).equals(undefined);
  });

  it("keeps enum numbers that no name stands for, and fields that the schema does not know", () => {
    expect(decode("Scalars", ...tag(16, 0), 99)["colour"]).equals(99);
    const unknown = [
      ...tag(100, 0),
      1,
      ...tag(3, 3),
      ...tag(1, 0),
      1,
      ...tag(2, 3),
      ...tag(2, 4),
      ...tag(3, 4),
    ];
    const value = decode("Little", ...tag(2, 2), ...sized(utf8("x")), ...unknown);
    expect(value["$unknown"]).has.length(2);
    expect([...named("Little").event.codec.encode(value, 0)]).deep.equals([
      ...tag(2, 2),
      ...sized(utf8("x")),
      ...unknown,
    ]);
  });

  it("keeps a known field with another wire type as unknown, and so writes it back as it came", () => {
    const bytes = [...tag(14, 0), 7];
    const value = named("Scalars").event.codec.decode(Uint8Array.from(bytes));
    expect(value).includes({ text: "" });
    expect([...named("Scalars").event.codec.encode(value, 0)]).deep.equals(bytes);
  });

  it("refuses what the bounds forbid, each with its reason", () => {
    expect(reasonOf("Scalars", ...tag(14, 2), 1, 0xff)).equals("invalid-text");
    expect(reasonOf("Scalars", ...tag(14, 2), 3, 0xed, 0xa0, 0x80)).equals("invalid-text");
    expect(reasonOf("Scalars", ...tag(14, 2), 5, 1)).equals("malformed");
    expect(reasonOf("Scalars", ...tag(14, 2), 0xff, 0xff, 0xff, 0xff, 0x0f)).equals("malformed");
    expect(reasonOf("Scalars", ...tag(3, 0), ...Array<number>(10).fill(0x80), 1)).equals("malformed");
    expect(reasonOf("Scalars", ...tag(4, 0), ...Array<number>(10).fill(0x80), 1)).equals("malformed");
    expect(reasonOf("Scalars", ...tag(3, 0))).equals("malformed");
    expect(reasonOf("Scalars", ...tag(1, 1), 1, 2, 3)).equals("malformed");
    for (const bad of [[0], [7], ...[[6], [4]].map(([type]) => tag(99, type as number))])
      expect(reasonOf("Scalars", ...bad, 0)).equals("malformed");
    expect(reasonOf("Scalars", ...tag(99, 3), ...tag(98, 4))).equals("malformed");
    expect(reasonOf("Scalars", ...tag(99, 3))).equals("malformed");
    // A message that claims more than the one around it.
    expect(reasonOf("Choices", ...tag(12, 2), 3, ...tag(2, 2), 5, 1, 1, 1, 1, 1)).equals("malformed");
  });

  it("refuses more items than a payload of its size may hold", () => {
    const many = Array<number>(70_000).fill(1);
    expect(decode("Lists", ...tag(3, 2), ...sized(many))["ints"]).has.length(70_000);
    const { event } = named("Lists");
    const tooMany = Uint8Array.from([...tag(3, 2), ...varint(1_000_001)]);
    const payload = new Uint8Array(tooMany.length + 1_000_001);
    payload.set(tooMany);
    expect(() => event.codec.decode(payload)).throws("too many items");
  });

  it("goes 100 messages deep in either direction and refuses the next one", () => {
    const nest = (depth: number): number[] => (depth === 1 ? [] : [...tag(12, 2), ...sized(nest(depth - 1))]);
    const deepest = decode("Choices", ...nest(100));
    expect([...named("Choices").event.codec.encode(deepest, 0)]).deep.equals(nest(100));
    expect(reasonOf("Choices", ...nest(101))).equals("too-deep");
    const inner = { ...decode("Choices") };
    expect(pathOf("Choices", { ...inner, child: deepest })).matches(
      /^wire\.v1\.Choices(\.child){100}: too-deep$/,
    );
    const groups = (depth: number): number[] =>
      depth === 0 ? [] : [...tag(99, 3), ...groups(depth - 1), ...tag(99, 4)];
    expect(() => decode("Choices", ...groups(99))).not.throws();
    expect(reasonOf("Choices", ...groups(101))).equals("too-deep");
  });

  it("names the path of a value that does not fit, and never the value", () => {
    const empty = decode("Choices");
    const scalars = decode("Scalars");
    expect(pathOf("Scalars", { ...scalars, text: 7 })).equals("wire.v1.Scalars.text: type-mismatch");
    expect(pathOf("Scalars", { ...scalars, text: "\ud800" })).equals("wire.v1.Scalars.text: invalid-text");
    expect(pathOf("Scalars", { ...scalars, text: `${"x".repeat(60)}\udc00` })).equals(
      "wire.v1.Scalars.text: invalid-text",
    );
    for (const value of [2 ** 31, 1.5, Number.NaN, "1", undefined])
      expect(pathOf("Scalars", { ...scalars, int: value })).equals("wire.v1.Scalars.int: type-mismatch");
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 5, undefined])
      expect(pathOf("Scalars", { ...scalars, long: value })).equals("wire.v1.Scalars.long: type-mismatch");
    for (const [name, value] of Object.entries({
      unsignedLong: -1n,
      unsignedInt: -1,
      float: 1e39,
      double: "1",
      bool: 1,
      bytes: [1],
      longText: "x",
      fixedText: 5,
    }))
      expect(pathOf("Scalars", { ...scalars, [name]: value }), name).equals(
        `wire.v1.Scalars.${name}: type-mismatch`,
      );
    const bad = { ...empty, between: 1 };
    expect(pathOf("Choices", { ...empty, children: [empty, bad] })).equals(
      "wire.v1.Choices.children[1].between: type-mismatch",
    );
    expect(pathOf("Choices", { ...empty, children: [empty, null] })).equals(
      "wire.v1.Choices.children[]: type-mismatch",
    );
    expect(pathOf("Choices", { ...empty, children: 5 })).equals("wire.v1.Choices.children: type-mismatch");
    expect(pathOf("Choices", { ...empty, first: undefined })).equals("wire.v1.Choices: type-mismatch");
    const maps = decode("Maps");
    for (const [name, key] of [
      ["ints", "x"],
      ["longs", "1.5"],
      ["bools", "yes"],
      ["unsignedInts", "-1"],
    ] as const)
      expect(pathOf("Maps", { ...maps, [name]: { [key]: 0 } }), name).equals(
        `wire.v1.Maps.${name}: type-mismatch`,
      );
    expect(pathOf("Maps", { ...maps, texts: null })).equals("wire.v1.Maps.texts: type-mismatch");
  });

  it("takes only a map's own entries, and a value whose getter encodes another one", () => {
    const { event } = named("Maps");
    const empty = decode("Maps");
    const inherited: object = Object.create({ a: "b" });
    expect(event.codec.encode({ ...empty, texts: inherited }, 0)).has.length(0);
    const nested = {
      ...empty,
      get texts() {
        return { x: String(event.codec.encode(empty, 3).length) };
      },
    };
    expect(event.codec.decode(event.codec.encode(nested, 0))).deep.includes({ texts: { x: "3" } });
  });

  it("leaves the room in front to the frame, also where a value does not fit the slab", () => {
    const { event } = named("Scalars");
    const value = { ...decode("Scalars"), text: "ä".repeat(40_000), bytes: new Uint8Array(50_000) };
    for (let count = 0; count < 3; count += 1) {
      const framed = event.codec.encode(value, 6);
      expect(event.codec.decode(framed.subarray(6))).deep.equals(value);
      expect(event.codec.decodeFramed?.(framed, 6)).deep.equals(value);
    }
  });

  it("makes room for all that it writes, wherever its memory ends", () => {
    const { event, schema } = named("Wide");
    const texts = (count: number): string[] => Array.from({ length: count }, () => "a".repeat(24));
    const widest = (message: DescMessage, from = 0): object =>
      Object.fromEntries(
        message.fields
          .slice(from)
          .filter((field) => field.fieldKind === "scalar" && field.scalar !== ScalarType.BYTES)
          .map(({ localName, scalar }) => [localName, scalar === ScalarType.INT64 ? -1n : "a".repeat(24)]),
      );
    const value = event.codec.create({
      ...widest(schema),
      filler: new Uint8Array(3_000),
      behindFull0: "€".repeat(1_000),
      full: widest(schema.field["full"]?.message as DescMessage),
      labels: Object.fromEntries(texts(9).map((text, index) => [`${text}${index}`, text])),
      texts: texts(90),
      numbers: Array.from({ length: 250 }, () => -1n),
    });
    const bytes = Buffer.from(toBinary(schema, value as MessageShape<typeof schema>));
    // One value begins where the one before it ends.
    const behind = (one: Uint8Array): number => one.buffer.byteLength - one.byteOffset - one.length;
    // Room is made behind a list, too; the fields that follow use it up.
    const fill = (length: number): Uint8Array =>
      event.codec.encode(event.codec.create({ filler: new Uint8Array(length), ...widest(schema, -60) }), 0);
    const overhead = fill(20_000).length - 20_000;
    for (let left = 300; left < bytes.length + 2_100; left += 7) {
      let free = behind(fill(1));
      // What does not fit gets new memory.
      if (free < left + 20_000) free = behind(fill(free));
      expect(behind(fill(free - left - overhead))).equals(left);
      const written = event.codec.encode(value, 0);
      if (!bytes.equals(written))
        expect(Buffer.from(written).toString("hex"), `${left}`).equals(bytes.toString("hex"));
    }
  });
});
