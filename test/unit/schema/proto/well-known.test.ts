import { type DescFile, toBinary } from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { linkProto, type ProtoSource } from "../../../../src/schema/proto/link.ts";
import { wellKnownPaths, wellKnownProto } from "../../../../src/schema/proto/well-known.ts";
import { wordsOf } from "../../../support/proto-words.ts";

const descriptors = new Map(
  Object.values(wkt)
    .filter((value): value is DescFile => "kind" in value && value.kind === "file")
    .map(({ proto }): [string, ProtoSource] => [
      proto.name,
      { text: Buffer.from(toBinary(wkt.FileDescriptorProtoSchema, proto)).toString("base64") },
    ]),
);
const none: ReadonlyMap<string, ProtoSource> = new Map();

describe("the well-known imports", () => {
  it("are the thirty that a registry knows", () => {
    expect(wellKnownPaths.filter((path) => path.startsWith("google/protobuf/"))).to.have.length(11);
    expect(wellKnownPaths.filter((path) => path.startsWith("google/type/"))).to.have.length(16);
    expect(wellKnownPaths.filter((path) => path.startsWith("confluent/"))).to.have.members([
      "confluent/meta.proto",
      "confluent/type/decimal.proto",
      "confluent/type/variant.proto",
    ]);
    expect(wellKnownProto("google/type/localized_text.proto")).to.equal(undefined);
    expect(wellKnownProto("constructor")).to.equal(undefined);
  });

  it("are parsed once", () => {
    expect(wellKnownProto("google/type/money.proto")).to.equal(wellKnownProto("google/type/money.proto"));
  });

  for (const path of wellKnownPaths) {
    it(`resolve every type in ${path}`, () => {
      const words = JSON.stringify(wordsOf(linkProto({ text: `import "${path}";` }, none), path));
      expect(words).to.not.contain('"? ');
    });
    if (path.startsWith("google/protobuf/"))
      it(`say of ${path} what protobuf-es has of it`, () => {
        const text = `import "${path}";`;
        expect(wordsOf(linkProto({ text }, none), path)).to.deep.equal(
          wordsOf(linkProto({ text }, descriptors), path),
        );
      });
  }

  it("extend the options with Confluent's metadata", () => {
    const schema = linkProto({ text: 'import "confluent/meta.proto";' }, none);
    const file = schema.imports.get("confluent/meta.proto")?.file;
    const extended = file?.extends.map(({ extendee, fields }) => [
      schema.resolve(extendee, "confluent", "confluent/meta.proto")?.type.name,
      fields[0]?.name,
      fields[0]?.number,
    ]);
    expect(extended).to.deep.equal([
      ["FileOptions", "file_meta", 1088],
      ["MessageOptions", "message_meta", 1088],
      ["FieldOptions", "field_meta", 1088],
      ["EnumOptions", "enum_meta", 1088],
      ["EnumValueOptions", "enum_value_meta", 1088],
    ]);
  });
});
