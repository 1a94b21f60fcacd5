import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { placesOf } from "../../../../../codegen/load/places.ts";
import { buildImage, resolveBuf } from "../../../../../codegen/load/proto/buf.ts";
import { projectProto } from "../../../../../codegen/load/proto/wire.ts";
import { repository } from "../../../../support/generated-code.ts";
import { buildTree, loadTree, writeTree } from "../../../../support/schema-tree.ts";

const head = 'syntax = "proto3";\npackage a.v1;\n';
const imported = 'import "keryx/v1/options.proto";\n';

/** The wire text of the one event in a file; it has been confirmed when there is no finding. */
async function project(text: string): Promise<string | undefined> {
  const { schemas, diagnostics } = await loadTree({ "a/v1/a.proto": text });
  expect(diagnostics).to.deep.equal([]);
  return schemas.events[0]?.wire.schema;
}

describe("the wire projection of .proto files", () => {
  const event = '  option (keryx.v1.event) = { topic: "t" };\n';
  const cases: Readonly<Record<string, readonly [source: string, wire: string]>> = {
    "the aggregate spelling": [
      `${head}${imported}message A {\n${event}  string k = 1 [(keryx.v1.field) = { sensitive: true }];\n}\n`,
      `${head}message A {\n  string k = 1;\n}\n`,
    ],
    "the dotted spelling, one statement for each option": [
      `${head}${imported}message A {\n  option (keryx.v1.event).topic = "t";\n  option (keryx.v1.event).key = "k";\n  option (keryx.v1.event).retry.delays = "1s";\n  string k = 1 [(keryx.v1.field).sensitive = true];\n}\n`,
      `${head}message A {\n  string k = 1;\n}\n`,
    ],
    "several options on one line behind tabs": [
      `${head}${imported}message A {\n\toption (keryx.v1.event).topic = "t";\toption (keryx.v1.event).key = "k";\toption deprecated = true;\n\tstring k = 1;\n}\n`,
      `${head}message A {\n\t\t\toption deprecated = true;\n\tstring k = 1;\n}\n`,
    ],
    "wide characters, emoji, combining marks and joiners in front": [
      `${head}${imported}message A {\n${event}  /* 中文 ｱ e\u0301 👩‍👩‍👧 🇩🇪 ☕ \u200b한 */ string k = 1 [/* 😀\t */ (keryx.v1.field).sensitive = true];\n}\n`,
      `${head}message A {\n  /* 中文 ｱ e\u0301 👩‍👩‍👧 🇩🇪 ☕ \u200b한 */ string k = 1;\n}\n`,
    ],
    "an entry first in its list": [
      `${head}${imported}message A {\n${event}  string k = 1 [(keryx.v1.field).sensitive = true, deprecated = true];\n}\n`,
      `${head}message A {\n  string k = 1 [deprecated = true];\n}\n`,
    ],
    "an entry last in its list": [
      `${head}${imported}message A {\n${event}  string k = 1 [deprecated = true, (keryx.v1.field).sensitive = true];\n}\n`,
      `${head}message A {\n  string k = 1 [deprecated = true];\n}\n`,
    ],
    "an entry between others, over several lines": [
      `${head}${imported}message A {\n${event}  string k = 1 [\n    deprecated = true,\n    (keryx.v1.field) = {\n      sensitive: true // why, [ok]\n    },\n    json_name = "x, ] y"\n  ];\n}\n`,
      `${head}message A {\n  string k = 1 [\n    deprecated = true,\n    \n    json_name = "x, ] y"\n  ];\n}\n`,
    ],
    "statements and imports that share their line": [
      `syntax = "proto3"; package a.v1; ${imported.trim()} import "google/protobuf/any.proto";\nmessage A { option (keryx.v1.event) = { topic: "t" }; google.protobuf.Any k = 1; }\n`,
      `syntax = "proto3"; package a.v1;  import "google/protobuf/any.proto";\nmessage A {  google.protobuf.Any k = 1; }\n`,
    ],
    "comments and strings that look like options": [
      `${head}${imported}// option (keryx.v1.event) = { topic: "t" };\nmessage A {\n${event}  /* [(keryx.v1.field).sensitive = true] */\n  string k = 1 [json_name = "[(keryx.v1.field).sensitive = true]"];\n}\n`,
      `${head}// option (keryx.v1.event) = { topic: "t" };\nmessage A {\n  /* [(keryx.v1.field).sensitive = true] */\n  string k = 1 [json_name = "[(keryx.v1.field).sensitive = true]"];\n}\n`,
    ],
    "other options of the same kind": [
      `${head}${imported}import "google/protobuf/descriptor.proto";\nextend google.protobuf.FieldOptions { string field = 50001; }\nmessage A {\n${event}  int64 k = 1 [(field) = "x", (keryx.v1.field).sensitive = true, jstype = JS_NORMAL];\n}\n`,
      `${head}import "google/protobuf/descriptor.proto";\nextend google.protobuf.FieldOptions { string field = 50001; }\nmessage A {\n  int64 k = 1 [(field) = "x", jstype = JS_NORMAL];\n}\n`,
    ],
    "a comment beside the option, and an option name over several lines": [
      `${head}${imported}message A {\n  // Policy.\n  option ( keryx . v1\n    . event ) = { topic: "t" retry: { delays: ["1s", "2s"] } } ; // after\n  string k = 1;\n}\n`,
      `${head}message A {\n  // Policy.\n   // after\n  string k = 1;\n}\n`,
    ],
    "fields of nested messages, oneofs, maps and extensions": [
      `${head}${imported}import "google/protobuf/descriptor.proto";\nmessage A {\n${event}  string k = 1;\n  message B { string s = 1 [(keryx.v1.field).sensitive = true]; }\n  oneof o { string p = 2 [(keryx.v1.field) = {sensitive: true}]; }\n  map<string, B> m = 3 [(keryx.v1.field) = {sensitive: true}];\n}\nextend google.protobuf.MessageOptions { string x = 50002 [(keryx.v1.field) = {sensitive: true}]; }\n`,
      `${head}import "google/protobuf/descriptor.proto";\nmessage A {\n  string k = 1;\n  message B { string s = 1; }\n  oneof o { string p = 2; }\n  map<string, B> m = 3;\n}\nextend google.protobuf.MessageOptions { string x = 50002; }\n`,
    ],
    "an import for options only, as edition 2024 has it": [
      `edition = "2024";\npackage a.v1;\nimport option "keryx/v1/options.proto";\nmessage A {\n${event}  string k = 1;\n}\n`,
      `edition = "2024";\npackage a.v1;\nmessage A {\n  string k = 1;\n}\n`,
    ],
    "options of a proto2 file with groups, defaults and extensions": [
      `syntax = "proto2";\npackage a.v1;\n${imported}message A {\n${event}  required string k = 1;\n  optional int32 y = 2 [default = 4, (keryx.v1.field).sensitive = true];\n  optional group G = 3 { optional string z = 1 [(keryx.v1.field).sensitive = true]; }\n  extensions 100 to 200;\n}\nextend A { optional string ext = 100 [(keryx.v1.field).sensitive = true]; }\n`,
      `syntax = "proto2";\npackage a.v1;\nmessage A {\n  required string k = 1;\n  optional int32 y = 2 [default = 4];\n  optional group G = 3 { optional string z = 1; }\n  extensions 100 to 200;\n}\nextend A { optional string ext = 100; }\n`,
    ],
    "an import in single quotes and in pieces": [
      `${head}import 'keryx/v1/options.proto';\nmessage A {\n${event}  string k = 1;\n}\n`,
      `${head}message A {\n  string k = 1;\n}\n`,
    ],
  };
  for (const [name, [source, wire]] of Object.entries(cases)) {
    it(`cuts ${name}`, async () => {
      expect(await project(source)).to.equal(wire);
    });
    it(`cuts ${name}, with CRLF line ends, to the same text`, async () => {
      expect(await project(source.replaceAll("\n", "\r\n"))).to.equal(wire);
    });
  }

  it("gives texts that the compiler takes, too, which nobody asks while our own parser confirms them", async () => {
    for (const [name, [, wire]] of Object.entries(cases)) {
      const folder = await writeTree({ "a.proto": wire });
      const { kind } = await buildImage(resolveBuf(repository), folder, false);
      expect(kind, name).to.equal("built");
    }
  });

  it("finds our options by relative names and by names with a leading dot", async () => {
    const wire = await project(
      `syntax = "proto3";\npackage keryx.v1.sub;\n${imported}message A {\n  option (v1.event) = { topic: "t" };\n  string k = 1 [(.keryx.v1.field).sensitive = true];\n}\n`,
    );
    expect(wire).to.equal(`syntax = "proto3";\npackage keryx.v1.sub;\nmessage A {\n  string k = 1;\n}\n`);
  });

  it("cuts options that came in through a public import", async () => {
    const { schemas, diagnostics } = await loadTree({
      "a/v1/all.proto": `${head}import public "keryx/v1/options.proto";\n`,
      "a/v1/a.proto": `${head}import "a/v1/all.proto";\nmessage A {\n${event}  string k = 1;\n}\n`,
    });
    expect(diagnostics).to.deep.equal([]);
    expect(schemas.events[0]?.wire.schema).to.equal(
      `${head}import "a/v1/all.proto";\nmessage A {\n  string k = 1;\n}\n`,
    );
    expect(schemas.events[0]?.wire.references.map((one) => one.schema)).to.deep.equal([head]);
  });

  it("refuses a file that does not compile without our options file", async () => {
    const { schemas, diagnostics } = await loadTree({
      "a.proto": `${head}${imported}message A {\n${event}  keryx.v1.Retry r = 1;\n}\n`,
    });
    expect(schemas.events).to.deep.equal([]);
    expect(diagnostics.map((one) => [one.rule, one.file])).to.deep.equal([["wire-projection", "a.proto"]]);
  });

  it("refuses a file in which a name would mean another type without our options file", async () => {
    const { diagnostics } = await loadTree({
      "other.proto": 'syntax = "proto3";\npackage keryx;\nmessage Retry {}\n',
      "a.proto": `syntax = "proto3";\npackage keryx.v1.sub;\n${imported}import "other.proto";\nmessage A {\n${event}  Retry r = 1;\n}\n`,
    });
    expect(diagnostics.map((one) => [one.rule, one.file])).to.deep.equal([["wire-projection", "a.proto"]]);
    expect(diagnostics[0]?.message).to.contain("mean something else");
  });

  it("leaves a changed delay, owner or key out of the text", async () => {
    const of = async (options: string): Promise<string | undefined> =>
      (
        await buildTree({
          "a.proto": `${head}${imported}message A {\n  option (keryx.v1.event) = { topic: "t" ${options} };\n  string k = 1;\n}\n`,
        })
      ).model.events[0]?.wire.fingerprint;
    expect(await of('owner: "x"')).to.equal(await of('retry: { delays: ["9s"] } key: "k"'));
  });

  it("refuses with the line when the text is not what the descriptor says", () => {
    const text = `${head}message A {\n  string k = 1;\n}\n`;
    for (const span of [
      [3, 2, 10],
      [3, 3, 10],
      [3, 90, 91],
      [40, 0, 1],
    ]) {
      const file = create(FileDescriptorProtoSchema, {
        name: "a.proto",
        sourceCodeInfo: { location: [{ path: [4, 0, 2, 0, 8, 51771], span }] },
      });
      const result = projectProto(file, text, placesOf(file, text));
      expect(result.kind === "refused" && result.diagnostic.line).to.equal((span[0] ?? 0) + 1);
    }
  });
});
