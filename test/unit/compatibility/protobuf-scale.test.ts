import { expect } from "chai";
import { findDialect } from "../../../src/compatibility/dialects.ts";
import type { Difference } from "../../../src/compatibility/difference.ts";
import { compareProtobuf } from "../../../src/compatibility/protobuf.ts";
import type { ProtoSchema } from "../../../src/schema/proto/schema.ts";
import { isCompatible, link, multiset, type ProtoText } from "../../support/proto-differences.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

const [c, d] = ["confluent-8", "confluent-head"].map((name) => findDialect(name)!) as [
  NonNullable<ReturnType<typeof findDialect>>,
  NonNullable<ReturnType<typeof findDialect>>,
];

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Time of the fastest of three runs, since a shared machine has slow moments. */
function timeOf(older: ProtoSchema, newer: ProtoSchema): number {
  const run = (): void => {
    for (const dialect of [c, d]) compareProtobuf(older, newer, dialect);
  };
  return Math.min(...numbers(3).map(() => cpuTimeMs(run)));
}

describe("big Protobuf schemas", () => {
  function wide(count: number, oneof: string, type: string): ProtoSchema {
    const fields = numbers(count).map((number) => `${type} f${number} = ${number};`);
    return link(`message M { oneof ${oneof} { ${fields.join(" ")} } }`);
  }

  it("are compared in time that grows with their fields", () => {
    for (const [oneof, type] of [
      ["x", "float"],
      ["y", "int32"],
      ["y", "float"],
    ] as const) {
      const small = timeOf(wide(500, "x", "int32"), wide(500, oneof, type));
      const big = timeOf(wide(5_000, "x", "int32"), wide(5_000, oneof, type));
      // Ten times the fields: a quadratic walk takes a hundred times as long.
      expect(big, `${small} ms, then ${big} ms`).to.be.below(Math.max(small, 2) * 40);
    }
  });

  it("are compared when a oneof of 5,000 members vanishes, and when one of them stays", () => {
    const members = wide(5_000, "x", "int32");
    const last = link("message M { int32 f5000 = 5000; }");
    expect(compareProtobuf(members, link("message M {}"), d)).to.have.length(1);
    expect(compareProtobuf(members, last, d)).to.have.length(5_001);
    expect(cpuTimeMs(() => compareProtobuf(members, last, d))).to.be.below(500);
  });

  it("are compared down to the deepest message", () => {
    const nest = (type: string): ProtoSchema =>
      link(
        `${numbers(64)
          .map((level) => `message L${level} {`)
          .join(" ")} ${type} a = 1; ${"}".repeat(64)}`,
      );
    const path = numbers(64)
      .map((level) => `/L${level}`)
      .join("");
    expect(multiset(compareProtobuf(nest("int32"), nest("float"), d))).to.deep.equal([
      `!FIELD_SCALAR_KIND_CHANGED #${path}/1`,
    ]);
  });

  /** A file whose messages each have the next one as the type of their fields. */
  function chain(length: number, fieldsEach: number, last: string): ProtoSchema {
    const messages = numbers(length).map((number) => {
      const type = number === length ? last : `C${number + 1}`;
      return `message C${number} { ${numbers(fieldsEach)
        .map((field) => `${type} f${field} = ${field};`)
        .join(" ")} }`;
    });
    const text: ProtoText = {
      text: 'syntax = "proto3"; package p; import "c.proto"; message M { C1 a = 1; }',
      imports: { "c.proto": messages.join("\n") },
    };
    return link(text);
  }

  it("are compared through chains of imported types that no stack would bear", () => {
    const found = compareProtobuf(chain(20_000, 1, "int32"), chain(20_000, 1, "float"), d);
    // One at the end of the chain, and one for each that leads there.
    expect(found).to.have.length(20_001);
    expect(isCompatible(found)).to.equal(false);
  });

  it("list what many ways lead to as often as ways lead there, while that is bearable", () => {
    const count = (found: readonly Difference[], kind: string): number =>
      found.filter((difference) => difference.kind === kind).length;
    // Two fields each: 2^6 ways to the two fields of the last of seven.
    const few = compareProtobuf(chain(7, 2, "int32"), chain(7, 2, "float"), d);
    expect(count(few, "FIELD_SCALAR_KIND_CHANGED")).to.equal(2 ** 7);
    expect(count(few, "FIELD_NAMED_TYPE_CHANGED")).to.equal(2 ** 7 - 1);
  });

  it("are judged, too, where the ways are more than anyone can walk", () => {
    const took = cpuTimeMs(() => {
      const found = compareProtobuf(chain(200, 8, "int32"), chain(200, 8, "float"), d);
      expect(isCompatible(found)).to.equal(false);
      expect(found.length).to.be.below(200_000);
      // Every field on the way is blamed, though not as often as ways lead to it.
      const blamed = found.filter(({ kind }) => kind === "FIELD_NAMED_TYPE_CHANGED").map(({ path }) => path);
      expect(new Set(blamed)).to.have.property("size", 199 * 8 + 1);
      expect(compareProtobuf(chain(200, 8, "int32"), chain(200, 8, "int32"), d)).to.deep.equal([]);
    });
    expect(took).to.be.below(5_000);
  });

  it("have a limit on the fields to compare", () => {
    // Every message against every one of its name in another package: few texts, many pairs.
    const fields = numbers(4_000)
      .map((number) => `int32 f${number} = ${number};`)
      .join(" ");
    const library = (index: number): string =>
      `syntax = "proto3"; package q${index}; message T { ${fields} }`;
    const imports = Object.fromEntries(numbers(16).map((index) => [`q${index}.proto`, library(index)]));
    const head = `syntax = "proto3"; package p; ${numbers(16)
      .map((index) => `import "q${index}.proto";`)
      .join(" ")}`;
    const uses = (of: (number: number) => number): ProtoSchema =>
      link({
        text: `${head} message M { ${numbers(256)
          .map((number) => `q${of(number)}.T f${number} = ${number};`)
          .join(" ")} }`,
        imports,
      });
    const older = uses((number) => (number % 16) + 1);
    const newer = uses((number) => Math.ceil(number / 16));
    expect(() => compareProtobuf(older, newer, d)).to.throw(/schema_invalid.*1000000 fields/);
  });
});
