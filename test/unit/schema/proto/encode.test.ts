import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../../../src/core/errors.ts";
import { encodeProto } from "../../../../src/schema/proto/encode.ts";
import { linkProto, type ProtoSource } from "../../../../src/schema/proto/link.ts";
import { printProto } from "../../../../src/schema/proto/print.ts";
import type { ProtoSchema } from "../../../../src/schema/proto/schema.ts";
import { buildDescriptors } from "../../../support/proto-descriptors.ts";
import { protoFiles } from "../../../support/proto-files.ts";
import { wordsOf } from "../../../support/proto-words.ts";

const root = join(import.meta.dirname, "../../../..");

function readFolder(folder: string): [string, string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".proto"))
    .map((path) => [path, readFileSync(join(root, folder, path), "utf8")]);
}

/** The same descriptor in the order that one writer gives it. */
function rewritten(bytes: Uint8Array): string {
  return Buffer.from(
    toBinary(FileDescriptorProtoSchema, fromBinary(FileDescriptorProtoSchema, bytes)),
  ).toString("base64");
}

/** Without custom options of the file, whose fields have no order, and with floats as precise as they are. */
function shown(bytes: Uint8Array): object {
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  delete file.options?.$unknown;
  for (const { field } of file.messageType)
    for (const one of field)
      if (one.type === FieldDescriptorProto_Type.FLOAT)
        one.defaultValue = String(Math.fround(Number(one.defaultValue)));
  return file;
}

const linked = (text: string, sources: ReadonlyMap<string, ProtoSource>): ProtoSchema =>
  linkProto({ text }, sources);

const generated = fc
  .sample(protoFiles(), { numRuns: 60, seed: 20_261_121 })
  .map((text, index): [string, string] => [
    `generated/f${index}.proto`,
    text.replaceAll("generated.here", `generated.f${index}`),
  ]);
/** Custom options of every type, in every way of writing them. */
const custom: [string, string][] = [
  [
    "custom/options.proto",
    `syntax = "proto2"; package custom; import "google/protobuf/descriptor.proto";
message All { enum Level { LOW = 0; HIGH = 5; BELOW = -3; }
  optional int32 a = 1; optional int64 b = 2; optional uint32 c = 3; optional uint64 d = 4; optional sint32 e = 5;
  optional sint64 f = 6; optional fixed32 g = 7; optional fixed64 h = 8; optional sfixed32 i = 9;
  optional sfixed64 j = 10; optional float k = 11; optional double l = 12; optional bool m = 13;
  optional string n = 14; optional bytes o = 15; optional Level p = 16; optional All q = 17;
  repeated int32 r = 18; repeated fixed32 s = 19 [packed = true]; repeated All t = 20; map<string, int32> u = 21;
  repeated sint64 v = 22 [packed = true]; map<int32, All> w = 23;
  extensions 100 to 200; }
extend All { optional string more = 100; }
extend google.protobuf.FieldOptions { optional All all = 50001; repeated double many = 50002; optional float one = 50003; }
extend google.protobuf.ServiceOptions { optional All.Level level = 50001; }
extend google.protobuf.EnumValueOptions { optional bytes raw = 50001; }
message Scope { extend google.protobuf.MessageOptions { optional string within = 50010; } }
`,
  ],
  [
    "custom/use.proto",
    `syntax = "proto3"; package custom.use; import "custom/options.proto";
message Use { option (custom.Scope.within) = "a\\nb\\"c\\377";
  string a = 1 [(custom.all) = { a: -2147483648 b: -9223372036854775808 c: 4294967295 d: 18446744073709551615
    e: -7 f: -9223372036854775808 g: 0x10 h: 18446744073709551615 i: -5 j: -6 k: 1.5 l: -2.5e-3 m: true
    n: "text" o: "\\001\\377" p: HIGH q { q { a: 1 } p: BELOW } r: [1, -2] s: [3, 4] t { a: 1 } t { a: 2 }
    u { key: "k" value: 7 } v: [-1, 1] w { key: 3 value { n: "in" } } [custom.more]: "yes" }];
  string b = 2 [(custom.all).a = 1, (custom.all).q.n = "x", (custom.many) = 1, (custom.many) = inf, (custom.many) = -inf, (custom.one) = 0.1];
  int64 c = 3 [(custom.many) = nan, (.custom.one) = 1e10, jstype = JS_NORMAL];
}
enum E { ZERO = 0; ONE = 1 [(custom.raw) = "\\000\\001"]; }
service S { option (custom.level) = HIGH; rpc Call (stream Use) returns (stream Use); rpc Plain (Use) returns (Use) { option deprecated = true; } }
`,
  ],
];
const sets = [
  ["custom options'", custom],
  ["the parser's own", readFolder("test/unit/schema/samples")],
  ["the project's", readFolder("schemas")],
  ["the torture", [...readFolder("schemas"), ...readFolder("test/golden/torture/schemas")]],
  ["generated", generated],
] as const;

for (const [what, files] of sets)
  describe(`Of ${what} schemas`, () => {
    const texts = new Map(files);
    let built = new Map<string, string>();
    let sources = new Map<string, ProtoSource>();
    before(function () {
      this.timeout(60_000);
      built = buildDescriptors(texts);
      const others = [...built].filter(([name]) => name.endsWith("java_features.proto"));
      sources = new Map([...others, ...texts].map(([name, text]) => [name, { text }]));
    });

    it("the descriptor that is written is the one that buf makes", () => {
      for (const [path, text] of texts) {
        const ours = encodeProto(linked(text, sources), path);
        const theirs = Buffer.from(built.get(path) ?? "", "base64");
        if (path === "legacy.proto") expect(shown(ours)).to.deep.equal(shown(theirs));
        else if (path === "custom/use.proto") {
          // Fields of an option may come in any order, packed or not.
          const meaning = (bytes: Uint8Array): string =>
            printProto(linked(Buffer.from(bytes).toString("base64"), sources), { isNormalized: true });
          expect(meaning(ours)).to.equal(meaning(theirs));
        } else expect(rewritten(ours), path).to.equal(rewritten(theirs));
      }
    });

    it("the text that is printed says what the file says, normalized or not, and printing it again changes nothing", () => {
      for (const [path, text] of texts) {
        const schema = linked(text, sources);
        for (const isNormalized of [false, true]) {
          const printed = printProto(schema, { isNormalized });
          const again = linked(printed, sources);
          if (!isNormalized) expect(wordsOf(again), path).to.deep.equal(wordsOf(schema));
          expect(printProto(again, { isNormalized }), path).to.equal(printed);
        }
      }
    });

    it("the text and the descriptor of one file print the same when normalized", () => {
      for (const [path, text] of texts) {
        const fromText = printProto(linked(text, sources), { isNormalized: true });
        const descriptor = Buffer.from(encodeProto(linked(text, sources))).toString("base64");
        const fromDescriptor = printProto(linked(descriptor, sources), { isNormalized: true });
        expect(fromDescriptor, path).to.equal(fromText);
      }
    });
  });

describe("Reading a damaged descriptor", () => {
  it("ends with a file or a refusal, whatever byte is wrong", function () {
    this.timeout(30_000);
    const texts = new Map(custom);
    const sources = new Map([...texts].map(([name, text]) => [name, { text }]));
    const whole = encodeProto(linked(texts.get("custom/use.proto") ?? "", sources));
    let read = 0;
    for (let at = 0; at < whole.length; at++)
      for (const flip of [0xff, 0x01, 0x80]) {
        const bytes = Uint8Array.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        try {
          printProto(linked(Buffer.from(bytes).toString("base64"), sources), { isNormalized: true });
          read++;
        } catch (error) {
          expect(error).to.be.instanceOf(KeryxError).and.to.include({ code: "schema_invalid" });
        }
      }
    expect(read).to.be.within(100, whole.length * 3 - 100);
  });
});
