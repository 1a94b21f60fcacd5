import avsc from "avsc";
import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../src/core/errors.ts";
import type { AvroType } from "../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../src/schema/avro/shape.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import { createResolver } from "../../src/serde/avro-resolve.ts";
import { anyType, type Json } from "../support/avro-resolution-cases.ts";
import { bigLong } from "../support/avsc.ts";

const avscType = (schema: Json): avsc.Type =>
  avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true, registry: { long: bigLong } });

/** A value of avsc in the shape of ours. */
function toOurs(type: AvroType, value: unknown): unknown {
  switch (type.kind) {
    case "bytes":
    case "fixed":
      return new Uint8Array(value as Buffer);
    case "array":
      return (value as unknown[]).map((item) => toOurs(type.items, item));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, toOurs(type.values, item)]),
      );
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => [
          propertyName(field.name),
          toOurs(field.type, (value as Record<string, unknown>)[field.name]),
        ]),
      );
    case "union": {
      const shape = unionShape(type);
      if (value === null) return null;
      const [[name, inner] = ["", undefined]] = Object.entries(value as object);
      const index = type.branches.findIndex((one) => ("name" in one ? one.name : one.kind) === name);
      const ours = toOurs(type.branches[index]!, inner);
      return shape.kind === "tagged" ? { kind: shape.kinds[index], value: ours } : ours;
    }
    default:
      return value;
  }
}

describe("resolving Avro schemas beside avsc", () => {
  it("gives the values that avsc gives", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyType(3), ({ writer, reader, value }) => {
        const writerType = avscType(writer);
        const readerType = avscType(reader);
        const bytes = writerType.toBuffer(value);
        const theirs = readerType.fromBuffer(bytes, readerType.createResolver(writerType));
        const ours = parseAvro(JSON.stringify(reader)).type;
        const read = createResolver(parseAvro(JSON.stringify(writer)).type, ours);
        expect(read(bytes)).to.deep.equal(toOurs(ours, theirs));
        compared++;
      }),
      { numRuns: 2_000 },
    );
    expect(compared).to.be.greaterThan(1_000);
  }).timeout(600_000);

  it("finds a reason for every prefix of a payload, and every edited one ends", () => {
    fc.assert(
      fc.property(anyType(3), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), (one, edits) => {
        const payload = avscType(one.writer).toBuffer(one.value);
        const read = createResolver(
          parseAvro(JSON.stringify(one.writer)).type,
          parseAvro(JSON.stringify(one.reader)).type,
        );
        const refusal = (bytes: Uint8Array): unknown => {
          try {
            read(bytes);
          } catch (error) {
            if (!(error instanceof KeryxError)) throw error;
            expect(error.code).to.equal("decode_failed");
            expect(error.details["reason"]).to.be.a("string");
            return error;
          }
          return undefined;
        };
        for (let end = 0; end < Math.min(payload.length, 40); end++)
          expect(refusal(payload.subarray(0, end)), `prefix of ${end}`).to.be.instanceOf(KeryxError);
        const edited = Uint8Array.from(payload);
        for (const [at, byte] of edits) if (edited.length > 0) edited[at % edited.length] = byte;
        refusal(edited);
        refusal(Buffer.concat([payload, Buffer.of(1)]));
      }),
      { numRuns: 1_000 },
    );
  }).timeout(600_000);
});
