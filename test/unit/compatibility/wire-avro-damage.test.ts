import { expect } from "chai";
import {
  createWriter,
  finishWriting,
  type Writer,
  writeBytes,
  writeEnum,
  writeIndex,
  writeInt,
  writeLong,
  writeString,
} from "../../../src/codec/writer.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";
import { decimal, enumOf, field, fixed, logical, record } from "../../support/avro-schemas.ts";

const parse = (schema: unknown): ReturnType<typeof parseAvro> => parseAvro(JSON.stringify(schema));

function bytesOf(write: (writer: Writer) => void): Uint8Array {
  const writer = createWriter(0);
  write(writer);
  return finishWriting(writer);
}

/** Resolves the writer's schema to the reader's, as a consumer does. */
function read(writer: unknown, reader: unknown, bytes: Uint8Array): unknown {
  return createResolver(parse(writer).type, parse(reader).type)(bytes);
}

/** As a consumer reads that looks at the underlying types alone, which is all that the specification asks. */
const readPlainly = (reader: unknown, bytes: Uint8Array): unknown => read(reader, reader, bytes);

function refusal(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    if (error instanceof KeryxError && error.code === "decode_failed") return error.details["reason"];
    throw error;
  }
  return "none";
}

const millis = logical("long", "timestamp-millis");
const micros = logical("long", "timestamp-micros");

describe("the damage of unsafe changes, with real bytes", () => {
  it("rounds an int that is read as float", () => {
    const bytes = bytesOf((writer) => writeInt(writer, 16_777_217, ""));
    expect(read("int", "float", bytes)).to.equal(16_777_216);
  });

  it("rounds a long that is read as float or double", () => {
    const bytes = bytesOf((writer) => writeLong(writer, 9_007_199_254_740_993n, ""));
    expect(read("long", "double", bytes)).to.equal(9_007_199_254_740_992);
    expect(read("long", "float", bytes)).to.equal(9_007_199_254_740_992);
  });

  it("cannot read all bytes as text", () => {
    const bytes = bytesOf((writer) => writeBytes(writer, Uint8Array.of(0xff, 0xfe), ""));
    expect(refusal(() => read("bytes", "string", bytes))).to.not.equal("none");
  });

  it("takes milliseconds for microseconds, a thousand times too early; ours refuses instead", () => {
    const bytes = bytesOf((writer) => writeLong(writer, 1_700_000_000_000n, ""));
    expect(readPlainly(micros, bytes)).to.equal(1_700_000_000_000n);
    expect(readPlainly(millis, bytes)).to.deep.equal(new Date("2023-11-14T22:13:20Z"));
    expect(refusal(() => read(millis, micros, bytes))).to.equal("incompatible");
  });

  it("takes any number for a moment, or cannot", () => {
    const bytes = bytesOf((writer) => writeLong(writer, 2n ** 62n, ""));
    expect(refusal(() => read("long", millis, bytes))).to.not.equal("none");
  });

  it("gives any text for a UUID", () => {
    const bytes = bytesOf((writer) => writeString(writer, "no uuid", ""));
    expect(read("string", logical("string", "uuid"), bytes)).to.equal("no uuid");
  });

  it("moves the point of a decimal; ours refuses instead", () => {
    const bytes = bytesOf((writer) => writeBytes(writer, Uint8Array.of(0x04, 0xd2), ""));
    expect(readPlainly(decimal(6, 2), bytes)).to.deep.equal({ unscaled: 1234n, scale: 2 });
    expect(readPlainly(decimal(6, 3), bytes)).to.deep.equal({ unscaled: 1234n, scale: 3 });
    expect(refusal(() => read(decimal(6, 2), decimal(6, 3), bytes))).to.equal("incompatible");
  });

  it("cannot read a decimal of more digits", () => {
    const bytes = bytesOf((writer) => writeBytes(writer, Uint8Array.of(0x0f, 0x42, 0x3f), ""));
    expect(read(decimal(6, 2), decimal(6, 2), bytes)).to.deep.equal({ unscaled: 999_999n, scale: 2 });
    expect(refusal(() => read(decimal(6, 2), decimal(5, 2), bytes))).to.not.equal("none");
  });

  it("cannot read another type, size or name, an absent field, symbol or branch", () => {
    const nothing = new Uint8Array();
    const zero = bytesOf((writer) => writeInt(writer, 0, ""));
    expect(refusal(() => read("string", "int", zero))).to.equal("incompatible");
    expect(refusal(() => read(fixed("F", 1), fixed("F", 2), zero))).to.equal("incompatible");
    expect(refusal(() => read(record("a.Old"), record("a.New"), nothing))).to.equal("incompatible");
    expect(refusal(() => read(record("R"), record("R", [field("x", "int")]), nothing))).to.equal(
      "incompatible",
    );
    expect(refusal(() => read(enumOf("E", ["A"]), enumOf("E", ["B"]), zero))).to.equal("incompatible");
    const text = bytesOf((writer) => {
      writeIndex(writer, 1);
      writeString(writer, "x", "");
    });
    expect(refusal(() => read(["null", "string"], ["null", "int"], text))).to.equal("incompatible");
  });

  it("takes a symbol for the default, as the reader's schema asks", () => {
    const bytes = bytesOf((writer) => writeEnum(writer, ["A", "B"], "A", ""));
    expect(read(enumOf("E", ["A", "B"]), enumOf("E", ["B"], { default: "B" }), bytes)).to.equal("B");
  });

  it("gives one of two fields the value that both lay claim to", () => {
    const reader = record("R", [field("a", "int"), field("b", "int", { aliases: ["a"] })]);
    expect(refusal(() => read(record("R", [field("a", "int")]), reader, Uint8Array.of(2)))).to.equal(
      "incompatible",
    );
  });
});
