import avsc from "avsc";
import { expect } from "chai";
import fc from "fast-check";
import { parseAvro } from "../../../src/schema/avro.ts";
import type { AvroNamedType } from "../../../src/schema/avro-model.ts";
import { generateSchema, generateValue } from "../../support/avro-cases.ts";
import { type GeneratedCodec, importCodec, printTypes, writeFiles } from "../../support/generated-code.ts";

const longType = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
});

/** avsc with exact longs and every union wrapped, so that a branch is never guessed; logical types are left out. */
function oracleOf(schema: string): avsc.Type {
  const plain = JSON.parse(schema, (_key, value) =>
    typeof value?.logicalType === "string" && value.name === undefined ? value.type : value,
  );
  return avsc.Type.forSchema(plain, { wrapUnions: "always", registry: { long: longType } });
}

async function withCodec<T>(
  schema: string,
  use: (codec: GeneratedCodec, type: AvroNamedType) => T,
): Promise<T> {
  const { type, named } = parseAvro(schema);
  if (type.kind !== "record") throw new Error("the schema is not a record");
  const { folder, remove } = writeFiles(await printTypes(named.values()));
  try {
    return use(await importCodec(folder, type, type.simpleName), type);
  } finally {
    remove();
  }
}

describe("generated Avro codecs, against avsc", function () {
  this.timeout(120_000);

  it("write the same bytes and read them back to the same value, for any schema and any value", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const schema = JSON.stringify(generateSchema(g));
        const oracle = oracleOf(schema);
        await withCodec(schema, (codec, type) => {
          for (let count = 0; count < 5; count += 1) {
            const { ours, theirs } = generateValue(g, type);
            const bytes = oracle.toBuffer(theirs);
            expect(Buffer.from(codec.encode(ours)).toString("hex"), schema).equals(bytes.toString("hex"));
            expect(codec.decode(bytes), schema).deep.equals(ours);
            expect(codec.decode(codec.encode(codec.create(ours))), schema).deep.equals(ours);
          }
        });
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it("give no value for any truncated prefix, and none for trailing bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const schema = JSON.stringify(generateSchema(g));
        await withCodec(schema, (codec, type) => {
          const bytes = codec.encode(generateValue(g, type).ours);
          for (let length = 0; length < bytes.length; length += 1)
            expect(() => codec.decode(bytes.subarray(0, length)), schema).throws("[decode_failed]");
          expect(() => codec.decode(Uint8Array.from([...bytes, 0])), schema).throws("[decode_failed]");
        });
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  it("answer any mutation with a value or a typed refusal, quickly", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const schema = JSON.stringify(generateSchema(g));
        await withCodec(schema, (codec, type) => {
          const bytes = codec.encode(generateValue(g, type).ours);
          for (let count = 0; count < 200; count += 1) {
            const mutated = mutate(g(fc.nat), bytes);
            const before = performance.now();
            try {
              codec.decode(mutated);
            } catch (error) {
              expect(error).property("code", "decode_failed");
            }
            expect(performance.now() - before).lessThan(200);
          }
        });
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

function mutate(seed: number, bytes: Uint8Array): Uint8Array {
  const at = bytes.length === 0 ? 0 : seed % bytes.length;
  const value = (seed >>> 8) & 0xff;
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch ((seed >>> 16) % 4) {
    case 0:
      return Uint8Array.from([...head, (tail[0] ?? 0) ^ (1 << (value % 8)), ...tail.subarray(1)]);
    case 1:
      return Uint8Array.from([...head, value, ...tail]);
    case 2:
      return Uint8Array.from([...head, ...tail.subarray(1)]);
    default:
      return Uint8Array.from([...head, 0xff, 0xff, 0xff, 0xff, value, ...tail]);
  }
}
