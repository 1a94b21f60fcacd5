import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import protobufjs from "protobufjs";
import { judgeProtobufWire } from "../../../../src/compatibility/wire-protobuf.ts";
import { linkProto } from "../../../../src/schema/proto/link.ts";
import { buildDescriptors } from "../../../support/proto-descriptors.ts";

interface Row {
  readonly change: string;
  readonly kind: string;
  /** Bodies of files; each row has a package of its own. */
  readonly older: string;
  readonly newer: string;
  /** What is written with the older schema, or with the one before it, where its numbers come from there. */
  readonly written: JsonValue;
  readonly before?: string;
  /** Read with the newer schema, or with the next one, where the change only made room for it. */
  readonly read: JsonValue;
  readonly next?: string;
  readonly syntax?: "proto2";
}

const refused = "refused";

/** Every row of what users trip over that is unsafe, with what becomes of a value. */
const rows: readonly Row[] = [
  {
    change: "a field removed without reserving its number",
    kind: "NUMBER_NOT_RESERVED #/M/2",
    older: "message M { string id = 1; string private_note = 2; }",
    newer: "message M { string id = 1; }",
    next: "message M { string id = 1; string email = 2; }",
    written: { id: "a", privateNote: "do not tell" },
    read: { id: "a", email: "do not tell" },
  },
  {
    change: "a reserved number reused with another type",
    kind: "NUMBER_REUSED #/M/2",
    before: "message M { uint32 cents = 2; }",
    older: "message M { reserved 2; }",
    newer: "message M { bool paid = 2; }",
    written: { cents: 4200 },
    read: { paid: true },
  },
  {
    change: "the same field name under a new number",
    kind: "NAME_MOVED #/M/2",
    older: "message M { string name = 1; }",
    newer: "message M { string name = 2; reserved 1; }",
    written: { name: "Ada" },
    read: { name: "" },
  },
  {
    change: "a proto3 number made a list",
    kind: "LIST_CHANGED #/M/1",
    older: "message M { int32 a = 1; }",
    newer: "message M { repeated int32 a = 1; }",
    written: { a: 0 },
    read: { a: [] },
  },
  {
    change: "an enum value renumbered",
    kind: "VALUE_MOVED #/S/2",
    older: "enum S { NEW = 0; PAID = 1; SENT = 2; } message M { S s = 1; }",
    newer: "enum S { NEW = 0; SENT = 1; PAID = 2; } message M { S s = 1; }",
    written: { s: "PAID" },
    read: { s: "SENT" },
  },
  {
    change: "an enum value removed without being reserved",
    kind: "VALUE_NOT_RESERVED #/S/2",
    older: "enum S { NEW = 0; PAID = 1; REFUNDED = 2; } message M { S s = 1; }",
    newer: "enum S { NEW = 0; PAID = 1; } message M { S s = 1; }",
    next: "enum S { NEW = 0; PAID = 1; DISPUTED = 2; } message M { S s = 1; }",
    written: { s: "REFUNDED" },
    read: { s: "DISPUTED" },
  },
  {
    change: "a field switched to another enum",
    kind: "ENUM_REPLACED #/M/1",
    older: "enum Color { NONE = 0; RED = 1; } enum Size { ANY = 0; SMALL = 1; } message M { Color c = 1; }",
    newer: "enum Color { NONE = 0; RED = 1; } enum Size { ANY = 0; SMALL = 1; } message M { Size c = 1; }",
    written: { c: "RED" },
    read: { c: "SMALL" },
  },
  {
    change: "int64 made int32",
    kind: "TYPE_NARROWED #/M/1",
    older: "message M { int64 a = 1; }",
    newer: "message M { int32 a = 1; }",
    written: { a: "4294967297" },
    read: { a: 1 },
  },
  {
    change: "int32 made bool",
    kind: "TYPE_NARROWED #/M/1",
    older: "message M { int32 a = 1; }",
    newer: "message M { bool a = 1; }",
    written: { a: 42 },
    read: { a: true },
  },
  {
    change: "bytes made string",
    kind: "BYTES_READ_AS_STRING #/M/1",
    older: "message M { bytes a = 1; }",
    newer: "message M { string a = 1; }",
    written: { a: "//4=" },
    read: refused,
  },
  {
    change: "bytes made a message",
    kind: "TYPE_CHANGED #/M/1",
    older: "message M { bytes a = 1; } message N { string x = 1; }",
    newer: "message M { N a = 1; } message N { string x = 1; }",
    written: { a: "//4=" },
    read: refused,
  },
  {
    change: "a message made bytes",
    kind: "TYPE_CHANGED #/M/1",
    older: "message M { N a = 1; } message N { string x = 1; }",
    newer: "message M { bytes a = 1; } message N { string x = 1; }",
    written: { a: { x: "Ada" } },
    // Not the text that was written: its encoding, with a tag and a length in front.
    read: { a: "CgNBZGE=" },
  },
  {
    change: "float made double",
    kind: "TYPE_CHANGED #/M/1",
    older: "message M { float a = 1; }",
    newer: "message M { double a = 1; }",
    written: { a: 1.5 },
    read: refused,
  },
  {
    change: "double made float",
    kind: "TYPE_CHANGED #/M/1",
    older: "message M { double a = 1; }",
    newer: "message M { float a = 1; }",
    written: { a: 0.1 },
    read: refused,
  },
  {
    change: "sint32 made int32",
    kind: "TYPE_CHANGED #/M/1",
    older: "message M { sint32 a = 1; }",
    newer: "message M { int32 a = 1; }",
    written: { a: -21 },
    read: { a: 41 },
  },
  {
    change: "int32 made sint32",
    kind: "TYPE_CHANGED #/M/1",
    older: "message M { int32 a = 1; }",
    newer: "message M { sint32 a = 1; }",
    written: { a: 42 },
    read: { a: 21 },
  },
  {
    change: "two fields put into one oneof",
    kind: "FIELDS_JOINED #/M/to",
    older: "message M { string mail = 1; string phone = 2; }",
    newer: "message M { oneof to { string mail = 1; string phone = 2; } }",
    written: { mail: "a@b", phone: "112" },
    read: { phone: "112" },
  },
  {
    change: "a value that a closed enum does not know",
    kind: "VALUE_UNKNOWN #/S/2",
    syntax: "proto2",
    older: "enum S { NEW = 0; PAID = 1; SENT = 2; } message M { optional S s = 1; }",
    newer: "enum S { NEW = 0; PAID = 1; reserved 2; } message M { optional S s = 1; }",
    written: { s: "SENT" },
    read: {},
  },
];

describe("every unsafe Protobuf change that users trip over", () => {
  let types: FileRegistry;
  const text = (row: Row, index: number, side: "before" | "older" | "newer" | "next"): string =>
    `syntax = "${row.syntax ?? "proto3"}"; package r${index}.${side}; ${row[side] ?? row[side === "before" ? "older" : "newer"]}`;
  before(function () {
    this.timeout(60_000);
    const sides = ["before", "older", "newer", "next"] as const;
    const texts = rows.flatMap((row, index) =>
      sides.map((side): [string, string] => [`r${index}_${side}.proto`, text(row, index, side)]),
    );
    types = registryOf(buildDescriptors(new Map(texts)));
  });

  for (const [index, row] of rows.entries())
    it(`is called unsafe and does damage: ${row.change}`, () => {
      const link = (side: "older" | "newer"): ReturnType<typeof linkProto> =>
        linkProto({ text: text(row, index, side) }, new Map());
      const found = judgeProtobufWire(link("older"), link("newer"), "backward");
      expect(found.map(({ kind, path }) => `${kind} ${path}`)).to.include(row.kind);
      expect(found.some(({ severity }) => severity === "error")).to.equal(true);

      const [from, to] = [typeOf(types, `r${index}.before.M`), typeOf(types, `r${index}.next.M`)];
      const bytes = toBinary(from, fromJson(from, row.written));
      const read = readAs(to, bytes);
      expect(read).to.deep.equal(row.read);
      expect(read).not.to.deep.equal(row.written);
    });
});

function typeOf(types: FileRegistry, name: string): DescMessage {
  const type = types.getMessage(name);
  if (type === undefined) throw new Error(`${name} is not there`);
  return type;
}

/** What a reader of a type sees, values that stand for nothing included. */
function readAs(type: DescMessage, bytes: Uint8Array): JsonValue {
  try {
    return toJson(type, fromBinary(type, bytes), { alwaysEmitImplicit: true });
  } catch {
    return refused;
  }
}

/** Both texts as messages of their own, for what JSON does not show. */
function buildPair(older: string, newer: string): readonly [DescMessage, DescMessage] {
  const descriptors = buildDescriptors(
    new Map([
      ["older.proto", older.replace(";", "; package older;")],
      ["newer.proto", newer.replace(";", "; package newer;")],
    ]),
  );
  const types = registryOf(descriptors);
  return [typeOf(types, "older.M"), typeOf(types, "newer.M")];
}

function registryOf(descriptors: ReadonlyMap<string, string>): FileRegistry {
  const file = [...descriptors.values()].map((descriptor) =>
    fromBinary(FileDescriptorProtoSchema, Buffer.from(descriptor, "base64")),
  );
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

function judge(older: string, newer: string): readonly string[] {
  const [writer, reader] = [older, newer].map((text) => linkProto({ text }, new Map()));
  if (writer === undefined || reader === undefined) return [];
  return judgeProtobufWire(writer, reader, "backward").map(({ kind, path }) => `${kind} ${path}`);
}

describe("a default that changed", () => {
  it("is called unsafe, because a field that was left out reads as the new one", () => {
    const [older, newer] = [3, 9].map(
      (value) => `syntax = "proto2"; message M { optional int32 a = 1 [default = ${value}]; }`,
    ) as [string, string];
    expect(judge(older, newer)).to.deep.equal(["DEFAULT_CHANGED #/M/1"]);
    const [from, to] = buildPair(older, newer);
    const bytes = toBinary(from, create(from));
    const [field] = to.fields;
    expect(field === undefined ? undefined : reflect(to, fromBinary(to, bytes)).get(field)).to.equal(9);
  });
});

describe("a field that became required", () => {
  const older = `syntax = "proto2"; message M { optional string a = 1; optional N n = 2; } message N {}`;
  const newer = `syntax = "proto2"; message M { required string a = 1; required N n = 2; } message N {}`;

  it("is called unsafe, and readers refuse what was written without it", () => {
    expect(judge(older, newer)).to.deep.equal(["REQUIRED_MISSING #/M/1", "REQUIRED_MISSING #/M/2"]);
    // protobuf-es lets it pass until it writes the message again; others, protobufjs among them, do not read it.
    const [from, to] = [older, newer].map((text) =>
      protobufjs.parse(text, { keepCase: true }).root.lookupType("M"),
    );
    const bytes = from?.encode({}).finish() ?? new Uint8Array([1]);
    expect(() => to?.decode(bytes)).to.throw(/missing required/);
  });
});

describe("a list of numbers that one number is read from", () => {
  it("is called unsafe, because it reads as the length of the packed list", () => {
    const [older, newer] = ["repeated int32", "int32"].map(
      (type) => `syntax = "proto3"; message M { ${type} a = 1; }`,
    ) as [string, string];
    expect(judge(older, newer)).to.deep.equal(["LIST_CHANGED #/M/1"]);
    const [from, to] = buildPair(older, newer);
    expect(readAs(to, toBinary(from, fromJson(from, { a: [70] })))).not.to.deep.equal({ a: 70 });
  });
});
