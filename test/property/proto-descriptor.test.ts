import { expect } from "chai";
import fc from "fast-check";
import { type Dialect, findDialect } from "../../src/compatibility/dialects.ts";
import type { Difference } from "../../src/compatibility/difference.ts";
import { compareProtobuf } from "../../src/compatibility/protobuf.ts";
import { judgeProtobufWire } from "../../src/compatibility/wire-protobuf.ts";
import { linkProto } from "../../src/schema/proto/link.ts";
import type { ProtoSchema } from "../../src/schema/proto/schema.ts";
import { buildDescriptors } from "../support/proto-descriptors.ts";
import { protoFiles } from "../support/proto-files.ts";
import { wordsOf } from "../support/proto-words.ts";

interface Both {
  readonly text: string;
  readonly fromText: ProtoSchema;
  readonly fromDescriptor: ProtoSchema;
}

function dialectOf(name: string): Dialect {
  const found = findDialect(name);
  if (found === undefined) throw new Error(`${name} is not known`);
  return found;
}

describe("generated .proto files", () => {
  let files: readonly Both[] = [];
  before(function () {
    this.timeout(600_000);
    const texts = new Map(
      fc
        .sample(protoFiles(), { numRuns: 500, seed: 4 })
        .map((text, index) => [`f${index}.proto`, text.replaceAll("generated.here", `generated.h${index}`)]),
    );
    const descriptors = buildDescriptors(texts);
    files = [...texts].map(([path, text]) => ({
      text,
      fromText: linkProto({ text }, new Map()),
      fromDescriptor: linkProto({ text: descriptors.get(path) ?? "" }, new Map()),
    }));
  });

  it("say the same as text and as descriptor", () => {
    for (const { text, fromText, fromDescriptor } of files)
      expect(wordsOf(fromDescriptor), text).to.deep.equal(wordsOf(fromText));
  });

  it("differ in nothing from their own descriptors", () => {
    const dialect = dialectOf("confluent-head");
    for (const { text, fromText, fromDescriptor } of files) {
      expect(compareProtobuf(fromText, fromDescriptor, dialect), text).to.deep.equal([]);
      expect(compareProtobuf(fromDescriptor, fromText, dialect), text).to.deep.equal([]);
      expect(judgeProtobufWire(fromText, fromDescriptor, "backward"), text).to.deep.equal([]);
      expect(judgeProtobufWire(fromDescriptor, fromText, "backward"), text).to.deep.equal([]);
    }
  });

  it("differ from each other in the same way as texts, as descriptors, and mixed", function () {
    this.timeout(600_000);
    // Messages are named by number, so any two files have some in common.
    const kinds = new Set<string>();
    for (const dialect of ["confluent-7.0.0", "confluent-7.4.0", "confluent-8", "confluent-head"].map(
      dialectOf,
    ))
      for (const [index, older] of files.slice(0, 200).entries()) {
        const newer = files[index + 1];
        if (newer === undefined) continue;
        const compare = (a: ProtoSchema, b: ProtoSchema): readonly string[] => {
          const found: readonly Difference[] = compareProtobuf(a, b, dialect);
          for (const { kind } of found) kinds.add(kind);
          return [
            ...found.map((one) => `${one.kind} ${one.path} ${one.compatible}`),
            ...judgeProtobufWire(a, b, "backward").map((one) => `${one.kind} ${one.path} ${one.severity}`),
          ].sort();
        };
        const expected = compare(older.fromText, newer.fromText);
        expect(compare(older.fromDescriptor, newer.fromDescriptor)).to.deep.equal(expected);
        expect(compare(older.fromText, newer.fromDescriptor)).to.deep.equal(expected);
        expect(compare(older.fromDescriptor, newer.fromText)).to.deep.equal(expected);
      }
    expect(kinds.size).to.be.greaterThan(15);
  });
});
