import { expect } from "chai";
import { createLocator } from "../../../../codegen/check/locate.ts";
import { parseSchema } from "../../../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../../../src/compatibility/parsed.ts";

const protoText = `syntax = "proto3";
package p;
import "other.proto";
message M {
  string id = 1;
  oneof how {
    Inner card = 2;
  }
  message Inner { E e = 1; }
  enum E {
    ZERO = 0;
    ONE = 1;
  }
  Other other = 4;
}
enum Top { NONE = 0; }
`;
const protoSchema = parseSchema({
  type: "PROTOBUF",
  text: protoText,
  imports: [{ name: "other.proto", text: 'syntax = "proto3"; package p; message Other { int32 x = 1; }' }],
});

function find(schema: ParsedSchema, text: string, path: string, reader?: ParsedSchema): string | undefined {
  const span = createLocator(schema, text, reader).exact(path);
  if (span === undefined) return undefined;
  const found = text.slice(span.offset, span.end).replaceAll(/\s+/g, " ");
  const lines = text.slice(0, span.offset).split("\n");
  expect([span.line, span.column]).to.deep.equal([lines.length, (lines.at(-1)?.length ?? 0) + 1]);
  return found;
}

describe("finding a Protobuf difference in its text", () => {
  it("finds messages, fields, oneofs, enums and their values", () => {
    for (const [path, text] of [
      ["#/", "package p;"],
      ["#/M/1", "string id = 1;"],
      ["#/M/how", "oneof how { Inner card = 2; }"],
      ["#/M/how/2", "Inner card = 2;"],
      ["#/M/2", "Inner card = 2;"],
      ["#/M/2/1", "E e = 1;"],
      ["#/M/Inner", "message Inner { E e = 1; }"],
      ["#/M/Inner/1", "E e = 1;"],
      ["#/M/Inner/1/1", "ONE = 1;"],
      ["#/M/E/1", "ONE = 1;"],
      ["#/Top", "enum Top { NONE = 0; }"],
      ["#/Top/0", "NONE = 0;"],
    ] as const)
      expect(find(protoSchema, protoText, path), path).to.equal(text);
  });

  it("shows the field that leads to another file, for what differs there", () => {
    const locator = createLocator(protoSchema, protoText);
    expect(locator.nearest("#/M/4/1")).to.include({ line: 14 });
  });

  it("finds nothing for what is gone, and the nearest thing around it", () => {
    const locator = createLocator(protoSchema, protoText);
    for (const path of ["#/M/9", "#/Gone", "#/M/E/7", "#/M/Gone/3", "#/M/how/9"])
      expect(locator.exact(path), path).to.equal(undefined);
    expect(locator.nearest("#/M/9")).to.include({ line: 4 });
    expect(locator.nearest("#/M/E/7")).to.include({ line: 10 });
    expect(locator.nearest("#/M/Gone/3")).to.include({ line: 4 });
  });

  it("finds no place in a descriptor, which has no lines", () => {
    const text = Buffer.from([0x0a, 0x01, 0x61, 0x12, 0x01, 0x70, 0x22, 0x03, 0x0a, 0x01, 0x4d]).toString(
      "base64",
    );
    const locator = createLocator(parseSchema({ type: "PROTOBUF", text }), text);
    expect(locator.exact("#/M")).to.equal(undefined);
    expect(locator.nearest("#/M/1")).to.equal(undefined);
  });

  it("finds no package where none is written", () => {
    const text = 'syntax = "proto3"; message M {}';
    expect(createLocator(parseSchema({ type: "PROTOBUF", text }), text).exact("#/")).to.equal(undefined);
  });
});

const readerText = `{
  "type": "record", "name": "R", "namespace": "a",
  "fields": [
    { "name": "x", "type": "int" },
    { "name": "m", "type": { "type": "record", "name": "Money", "fields": [
      { "name": "cents", "aliases": ["units"], "type": "long" },
      { "name": "currency", "type": { "type": "enum", "name": "Currency", "symbols": ["EUR"] } }
    ] } },
    { "name": "again", "type": "Money" },
    { "name": "many", "type": { "type": "array", "items": { "type": "map", "values": "Money" } } },
    { "name": "u", "type": ["null", "Money", "string"] }
  ]
}`;
const reader = parseSchema({ type: "AVRO", text: readerText });

describe("finding an Avro difference in its text", () => {
  it("finds fields, and words of a type, also behind a name", () => {
    for (const [path, text] of [
      ["/fields/0", '{ "name": "x", "type": "int" }'],
      ["/fields/0/type", '{ "name": "x", "type": "int" }'],
      ["/name", '"name": "R"'],
      ["/fields/1/type/fields/0/type", '{ "name": "cents", "aliases": ["units"], "type": "long" }'],
      ["/fields/1/type/fields/1/type/symbols", '"symbols": ["EUR"]'],
      ["/fields/2/type/fields/1/type/symbols", '"symbols": ["EUR"]'],
      ["/fields/2/type/name", '"name": "Money"'],
      ["/fields/3/type/items/values/fields/1/type/name", '"name": "Currency"'],
      ["/fields/4/type/1/fields/1/type/symbols", '"symbols": ["EUR"]'],
      ["/fields/4/type/1", '{ "name": "u", "type": ["null", "Money", "string"] }'],
    ] as const)
      expect(find(reader, readerText, path), path).to.equal(text);
    expect(find(reader, readerText, "/")).to.equal(readerText.replaceAll(/\s+/g, " "));
  });

  it("finds the same thing in the schema that was written, by names and aliases", () => {
    const text = `{ "type": "record", "name": "R", "namespace": "a", "fields": [
      { "name": "u", "type": ["string", { "type": "record", "name": "Money", "fields": [
        { "name": "units", "type": "string" }, { "name": "currency", "type": "string" } ] }, "bytes"] },
      { "name": "again", "type": ["null", "Money"] },
      { "name": "x", "type": "string" } ] }`;
    const written = parseSchema({ type: "AVRO", text });
    for (const [path, expected] of [
      ["/fields/0/type", '{ "name": "x", "type": "string" }'],
      ["/fields/4/type/1/fields/0/type", '{ "name": "units", "type": "string" }'],
      ["/fields/2/type/1/fields/1/type", '{ "name": "currency", "type": "string" }'],
      // The registry's index of a branch that the reader lacks is the writer's.
      ["/fields/4/type/2", '"bytes"'],
    ] as const)
      expect(find(written, text, path, reader), path).to.equal(expected);
    const locator = createLocator(written, text, reader);
    expect(locator.exact("/fields/3/type/items/values")).to.equal(undefined);
    expect(locator.nearest("/fields/3/type/items/values")).to.include({ line: 1 });
  });

  it("shows what refers to a type of another text, for what differs in it", () => {
    const text =
      '{ "type": "record", "name": "R", "fields": [\n  { "name": "a", "type": "int" },\n  { "name": "m", "type": "a.Money" }\n] }';
    const money =
      '{"type": "record", "name": "Money", "namespace": "a", "fields": [{"name": "c", "type": "int"}]}';
    const schema = parseSchema({ type: "AVRO", text, imports: [{ name: "a.Money", text: money }] });
    expect(find(schema, text, "/fields/1/type/fields/0/type")).to.equal('{ "name": "m", "type": "a.Money" }');
  });

  it("ends on paths that mean nothing", () => {
    const locator = createLocator(reader, readerText);
    for (const path of ["/fields/99", "/fields/x", "/items", "/fields", "/nothing/at/all"])
      expect(locator.exact(path), path).to.equal(undefined);
    expect(locator.nearest("/fields/99")).to.include({ line: 1 });
  });
});
