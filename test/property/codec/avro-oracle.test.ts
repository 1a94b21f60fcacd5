import { isDeepStrictEqual } from "node:util";
import type { Type } from "avsc";
import { expect } from "chai";
import fc from "fast-check";
import * as samples from "../../../generated/index.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { AvroNamedType } from "../../../src/schema/avro/model.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { generateSchema, generateValue, markSomeLongs } from "../../support/avro-cases.ts";
import { avroValue } from "../../support/avro-values.ts";
import { avscOf } from "../../support/avsc.ts";
import { chooseSeed } from "../../support/effects/random.ts";
import { type GeneratedCodec, importCodec, printTypes, writeFiles } from "../../support/generated-code.ts";
import { randomFrom } from "../../support/protobuf-values.ts";
import { type RecordEvent, recordOf, type WireProject, wireProject } from "../../support/wire-project.ts";

const messages = Number(process.env["KERYX_CODEC_MESSAGES"] ?? 500);
// Other records in each run.
const first = chooseSeed();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

async function withCodec<T>(
  schema: string,
  use: (codec: GeneratedCodec, type: AvroNamedType) => T,
): Promise<T> {
  const { type, named } = parseAvro(schema);
  if (type.kind !== "record") throw new Error("the schema is not a record");
  markSomeLongs(named.values());
  const { folder, remove } = writeFiles(printTypes(named.values()));
  try {
    return use(await importCodec(folder, type, type.simpleName), type);
  } finally {
    remove();
  }
}

describe("generated Avro codecs, against avsc", function () {
  this.timeout(3_600_000);

  it("write the same bytes and read them back to the same value, for any schema and any value", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const schema = JSON.stringify(generateSchema(g));
        const oracle = avscOf(schema);
        await withCodec(schema, (codec, type) => {
          for (let count = 0; count < 5; count += 1) {
            const { ours, theirs } = generateValue(g, type);
            const bytes = oracle.toBuffer(theirs);
            expect(hex(codec.encode(ours)), schema).equals(hex(bytes));
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
});

describe("generated codecs of fixed Avro shapes, against avsc", function () {
  this.timeout(3_600_000);
  let project: WireProject;
  const shapes = new Map<string, RecordEvent & { readonly oracle: Type }>();

  before(async () => {
    project = await wireProject();
    const { PaymentCaptured, PaymentFailed, SystemAlert } = samples;
    const found = [
      await project.loadRecord("wire/v1/avro-scalars", "AvroScalars"),
      await project.loadRecord("wire/v1/avro-lists", "AvroLists"),
      await project.loadRecord("wire/v1/avro-choices", "AvroChoices"),
      await project.loadRecord("wire/v1/avro-longs", "AvroLongs"),
      ...[PaymentCaptured, PaymentFailed, SystemAlert].map((event) =>
        recordOf(event as unknown as RecordEvent["event"]),
      ),
    ];
    for (const one of found) shapes.set(one.event.name, { ...one, oracle: avscOf(one.event.wire.schema) });
  });

  it("write the same bytes, read them to the same value, and are read by it, for any record of every shape", () => {
    for (const [name, { event, record, oracle }] of shapes)
      for (let seed = first; seed < first + messages; seed += 1) {
        const { ours, theirs } = avroValue(randomFrom(seed), record);
        const bytes = oracle.toBuffer(theirs);
        const written = Buffer.from(event.codec.encode(ours as object, 0));
        const at = `${name}, seed ${seed}`;
        if (!written.equals(bytes)) expect(hex(written), at).equals(hex(bytes));
        const read = event.codec.decode(bytes);
        if (!isDeepStrictEqual(read, ours)) expect(read, at).deep.equals(ours);
        const framed = event.codec.encode(ours as object, 5);
        if (!isDeepStrictEqual(event.codec.decodeFramed?.(framed, 5), ours)) expect.fail(at);
        if (!oracle.toBuffer(oracle.fromBuffer(written)).equals(bytes)) expect.fail(at);
      }
  });

  it("give no value for any truncated prefix of any record of every shape", () => {
    for (const [name, { event, record }] of shapes)
      for (let seed = first; seed < first + Math.max(10, messages / 1_000); seed += 1) {
        const bytes = event.codec.encode(avroValue(randomFrom(seed), record).ours as object, 0);
        for (let length = 0; length < bytes.length; length += 1)
          if (reasonOf(() => event.codec.decode(bytes.subarray(0, length))) === undefined)
            expect.fail(`${name}, seed ${seed}, ${length} bytes`);
      }
  });
});

/** Why a payload is refused; undefined where it is not. */
function reasonOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof KeryxError) || error.code !== "decode_failed") throw error;
    return error.details["reason"];
  }
}
