import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import { schemaLimits } from "../../../../src/schema/limits.ts";
import { isDescriptorText, parseDescriptor } from "../../../../src/schema/proto/descriptor.ts";
import { linkProto, type ProtoSource } from "../../../../src/schema/proto/link.ts";
import type { ProtoSchema } from "../../../../src/schema/proto/schema.ts";
import { buildDescriptors } from "../../../support/proto-descriptors.ts";
import { wordsOf } from "../../../support/proto-words.ts";

const root = join(import.meta.dirname, "../../../..");

function readFolder(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".proto"))
    .map((path) => [path.replaceAll("\\", "/"), readFileSync(join(folder, path), "utf8")]);
}

function link(path: string, texts: ReadonlyMap<string, string>): ProtoSchema {
  const sources = new Map([...texts].map(([name, text]): [string, ProtoSource] => [name, { text }]));
  return linkProto({ text: texts.get(path) ?? "" }, sources);
}

describe("reading descriptors", () => {
  for (const [what, folders] of [
    ["the parser's own", ["test/unit/schema/samples"]],
    ["the project's", ["schemas"]],
    ["the torture", ["schemas", "test/golden/torture/schemas"]],
  ] as const) {
    const texts = new Map(folders.flatMap((folder) => readFolder(join(root, folder))));
    let descriptors = new Map<string, string>();
    before(function () {
      this.timeout(60_000);
      descriptors = buildDescriptors(texts);
    });
    for (const path of texts.keys())
      it(`finds in the descriptor of ${path}, one of ${what} schemas, what the text says`, () => {
        // Only the parser's samples import a file that registries do not know.
        const all = new Map([...descriptors].filter(([name]) => name.endsWith("java_features.proto")));
        const fromText = link(path, new Map([...all, ...texts]));
        const fromDescriptor = link(path, descriptors);
        expect(wordsOf(fromDescriptor)).to.deep.equal(wordsOf(fromText));
        for (const name of fromText.imports.keys())
          if (texts.has(name)) expect(wordsOf(fromDescriptor, name)).to.deep.equal(wordsOf(fromText, name));
      });
  }
});

type Init = MessageInitShape<typeof FileDescriptorProtoSchema>;
type Message = NonNullable<Init["messageType"]>[number];
type Field = NonNullable<Message["field"]>[number];

function encode(init: Init): string {
  const bytes = toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, init));
  return Buffer.from(bytes).toString("base64");
}

function withMessage(message: Message): string {
  return encode({ messageType: [{ name: "M", ...message }] });
}

function withField(field: Field): string {
  return withMessage({ field: [{ name: "a", number: 1, type: 5, ...field }] });
}

function raw(...bytes: number[]): string {
  return Buffer.from(bytes).toString("base64");
}

function refusal(text: string): KeryxError {
  try {
    parseDescriptor(text);
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

function nest(depth: number): Message {
  let message: Message = { name: "M" };
  for (let left = depth; left > 1; left--) message = { name: "M", nestedType: [message] };
  return message;
}

describe("descriptors that cannot be read", () => {
  const entry = { name: "AEntry", options: { mapEntry: true } };
  for (const [what, text, reason] of [
    ["end in the middle of a number", raw(0x12), "cut off"],
    ["end in the middle of a text", raw(0x12, 5, 65), "cut off"],
    ["claim more bytes than there are", raw(0x22, 0xff, 0xff, 0xff, 0xff, 0x0f), "cut off"],
    ["have a number without end", raw(0x50, ...Array.from({ length: 11 }, () => 0x80), 1), "too many bytes"],
    ["have a field 0", raw(0x02, 0), "number 0"],
    ["have a field of an unknown kind", raw(0x0f), "kind that does not exist"],
    ["end a group that did not begin", raw(0x0c), "did not begin"],
    ["end another group than they began", raw(0x0b, 0x14), "did not begin"],
    ["begin a group without end", raw(0x0b), "no end"],
    ["nest groups without end", raw(...Array.from({ length: 100 }, () => 0x0b)), "too deeply"],
    ["have a number where a text belongs", raw(0x10, 1), "is a number"],
    ["have a text where a number belongs", raw(0x62, 8, ...Buffer.from("editions"), 0x72, 1, 65), "is bytes"],
    ["have a text that is not UTF-8", raw(0x12, 1, 0xff), "not UTF-8"],
    ["are of no known syntax", encode({ syntax: "proto4" }), '"proto4" is not known'],
    ["are of no known edition", encode({ syntax: "editions", edition: 99999 }), "is not known"],
    ["have a package that is no name", encode({ package: "a..b" }), "The name of the package"],
    ["have a package with a leading dot", encode({ package: ".a" }), "starts with a dot"],
    ["have a message without name", encode({ messageType: [{}] }), "The name of a message"],
    ["have a name with a space", withMessage({ name: "a b" }), "The name of a message"],
    ["have a very long name", withMessage({ name: "a".repeat(1_001) }), "The name of a message"],
    ["define a message twice", encode({ messageType: [{ name: "M" }, { name: "M" }] }), "defined twice"],
    [
      "define an enum like a message",
      withMessage({ name: "M", enumType: [{ name: "E" }, { name: "E" }] }),
      "defined twice",
    ],
    ["have a field number 0", withField({ number: 0 }), "A field number"],
    ["have a field number beyond all", withField({ number: 536_870_912 }), "A field number"],
    ["have a field of no type", withField({ type: 0 as never }), "The type of a field"],
    ["have a field of an unknown type", withField({ type: 19 as never }), "type that does not exist"],
    ["name a type with a slash", withField({ type: 11, typeName: "a/b" }), "The type of a field"],
    [
      "name a type of a thousand parts",
      withField({ type: 11, typeName: ".a".repeat(499) }),
      "The type of a field",
    ],
    ["put a field into no oneof", withField({ oneofIndex: 0 }), "has no oneof 0"],
    ["have a default with a quote", withField({ type: 12, defaultValue: 'a"b' }), "not escaped"],
    ["have a default with half an escape", withField({ type: 12, defaultValue: "\\" }), "no end"],
    [
      "have one field twice",
      withMessage({ field: [1, 2].map((number) => ({ name: "a", number, type: 5 as const })) }),
      "stands twice",
    ],
    [
      "have one number twice",
      withMessage({ field: ["a", "b"].map((name) => ({ name, number: 1, type: 5 as const })) }),
      "stands twice",
    ],
    [
      "have an entry without key",
      withMessage({
        nestedType: [entry],
        field: [{ name: "a", number: 1, type: 11, typeName: ".M.AEntry" }],
      }),
      "no key",
    ],
    [
      "have a key that is bytes",
      withMessage({
        nestedType: [
          {
            ...entry,
            field: [
              { name: "key", number: 1, type: 12 },
              { name: "value", number: 2, type: 5 },
            ],
          },
        ],
        field: [{ name: "a", number: 1, type: 11, typeName: ".M.AEntry" }],
      }),
      "The key of a map",
    ],
    ["reserve a range backwards", withMessage({ reservedRange: [{ start: 5, end: 5 }] }), "A range"],
    ["reserve the number 0", withMessage({ reservedRange: [{ start: 0, end: 5 }] }), "A range"],
    ["extend nothing", encode({ extension: [{ name: "a", number: 1, type: 5 }] }), "an extended message"],
    ["have a service without name", encode({ service: [{}] }), "The name of a service"],
  ] as const)
    it(`are refused where they ${what}`, () => {
      const error = refusal(text);
      expect(error.code).to.equal("schema_invalid");
      expect(error.message).to.contain(reason);
      expect(error.details).to.include({ line: 1, column: 1 });
    });

  for (const [what, build, limit] of [
    [
      "fields",
      () =>
        withMessage({
          field: Array.from({ length: 10_000 }, (_, n) => ({ name: `f${n}`, number: n + 1, type: 5 })),
        }),
      schemaLimits.fields,
    ],
    ["depth", () => encode({ messageType: [nest(schemaLimits.depth + 1)] }), schemaLimits.depth],
    [
      "values",
      () =>
        encode({
          enumType: [
            { name: "E", value: Array.from({ length: 10_001 }, (_, n) => ({ name: `V${n}`, number: n })) },
          ],
        }),
      schemaLimits.symbols,
    ],
    [
      "extensions",
      () =>
        encode({
          extension: Array.from({ length: 5_001 }, (_, n) => ({
            ...{ name: `f${n}`, number: n + 1, type: 5 as const, extendee: ".M" },
          })),
        }),
      schemaLimits.fields,
    ],
    [
      "imports",
      () => encode({ dependency: Array.from({ length: 201 }, (_, n) => `${n}.proto`) }),
      schemaLimits.references,
    ],
    ["bytes", () => encode({ package: "a".repeat(800_000) }), schemaLimits.textBytes],
  ] as const)
    it(`name the limit on ${what} that they hit`, () => {
      const error = refusal(build());
      expect(error.details).to.include({ fault: "limit" });
      expect(error.message).to.contain(String(limit));
    });

  it("are read up to the limits", () => {
    expect(parseDescriptor(encode({ messageType: [nest(schemaLimits.depth)] })).messages).to.have.length(1);
  });
});

describe("descriptors of other makers", () => {
  it("may hold unknown fields, groups among them", () => {
    const known = encode({ package: "p" });
    const bytes = [...Buffer.from(known, "base64")];
    // Field 1000 as a group with a number inside, then as four and as eight bytes.
    const unknown = [
      0xc3, 0x3e, 0x10, 7, 0xc4, 0x3e, 0xc5, 0x3e, 1, 2, 3, 4, 0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8,
    ];
    expect(parseDescriptor(raw(...unknown, ...bytes)).package).to.equal("p");
  });

  it("may split the options of a message, and pack the numbers of public imports", () => {
    const split = [0x22, 11, 0x0a, 1, 77, 0x3a, 2, 0x18, 1, 0x3a, 2, 0x10, 0];
    const imports = [0x1a, 1, 97, 0x1a, 1, 98, 0x1a, 1, 99, 0x52, 2, 0, 2];
    const file = parseDescriptor(raw(...split, ...imports));
    expect(file.messages[0]?.options.map((option) => option.name[0]?.name)).to.deep.equal([
      "deprecated",
      "no_standard_descriptor_accessor",
    ]);
    expect(file.imports.map((one) => one.modifier)).to.deep.equal(["public", undefined, "public"]);
  });

  it("may name types without the leading dot, entries of maps too", () => {
    const field = { name: "a", number: 1, label: 3 as const, type: 11 as const };
    const parts = [
      { name: "key", number: 1, type: 9 as const },
      { name: "value", number: 2, type: 5 as const },
    ];
    const entry = { name: "AEntry", options: { mapEntry: true }, field: parts };
    const text = withMessage({ nestedType: [entry], field: [{ ...field, typeName: "AEntry" }] });
    expect(parseDescriptor(text).messages[0]?.fields[0]).to.deep.include({
      type: { kind: "map", key: "string", value: { kind: "scalar", name: "int32" } },
    });
  });

  it("may say `required` in an edition", () => {
    const text = encode({
      syntax: "editions",
      edition: 1000,
      messageType: [{ name: "M", field: [{ name: "a", number: 1, type: 5, label: 2 }] }],
    });
    expect(parseDescriptor(text)).to.include({ edition: "2023" });
    expect(parseDescriptor(text).messages[0]?.fields[0]).to.include({ label: "required" });
  });
});

describe("telling descriptors from texts", () => {
  it("takes base64 from end to end for a descriptor", () => {
    expect(isDescriptorText("CgFh")).to.equal(true);
    expect(isDescriptorText("\n CgFh== \r\n")).to.equal(true);
    for (const text of ["", "  ", ";", "//CgFh", "message M{}", "Cg Fh", "Cg-_", "CgFh=x", "/*a*/", "//"])
      expect(isDescriptorText(text), text).to.equal(false);
  });

  it("says so of a word that is neither", () => {
    expect(() => linkProto({ text: "hello" }, new Map())).to.throw(
      KeryxError,
      "The descriptor cannot be read",
    );
  });
});
