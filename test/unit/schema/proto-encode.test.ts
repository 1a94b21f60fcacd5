import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import fc from "fast-check";
import { encodeProto } from "../../../src/schema/proto-encode.ts";
import { linkProto, type ProtoSource } from "../../../src/schema/proto-link.ts";
import { printProto } from "../../../src/schema/proto-print.ts";
import type { ProtoSchema } from "../../../src/schema/proto-schema.ts";
import { buildDescriptors } from "../../support/proto-descriptors.ts";
import { protoFiles } from "../../support/proto-files.ts";
import { wordsOf } from "../../support/proto-words.ts";

const root = join(import.meta.dirname, "../../..");

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
const sets = [
  ["the parser's own", readFolder("test/unit/schema/proto")],
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
        else expect(rewritten(ours), path).to.equal(rewritten(theirs));
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
