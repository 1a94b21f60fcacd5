// Our reading of record batches against kafkajs' own, over whatever may be written, and over bytes that were spoiled.
import { createRequire } from "node:module";
import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../src/core/errors.ts";
import type { Header, RawRecord } from "../../src/core/record.ts";
import { queueRecordSet } from "../../src/transport/fetched-records.ts";
import { type FetchedMessage, toRawRecord } from "../../src/transport/kafkajs/records.ts";
import { readRecordSet } from "../../src/transport/record-set.ts";
import { drain } from "../suites/transport-tools.ts";
import { type WrittenBatch, type WrittenRecord, writeBatch } from "../support/record-batches.ts";

const require = createRequire(import.meta.url);
const Decoder = require("kafkajs/src/protocol/decoder.js") as new (bytes: Buffer) => unknown;
const decodeBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder.js") as (
  decoder: unknown,
) => Promise<{ records: readonly FetchedMessage[] }>;

const at = { topic: "t", partition: 0 };
const uncompressed = async (_codec: number, bytes: Buffer): Promise<Buffer> => bytes;
const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));
const maybe = fc.option(bytes, { nil: null });
// Names that every object has are where kafkajs goes wrong, and equal ones where it forgets the order.
const headers: fc.Arbitrary<readonly Header[]> = fc.uniqueArray(
  fc.tuple(
    fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !(name in {}) && !/^\d+$/.test(name)),
    maybe,
  ),
  { selector: ([name]) => name, maxLength: 5 },
);
const record: fc.Arbitrary<WrittenRecord> = fc.record({
  key: maybe,
  value: maybe,
  headers,
  timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
});
const batch: fc.Arbitrary<WrittenBatch> = fc.record({
  baseOffset: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  baseTimestamp: fc.bigInt({ min: 2n ** 41n, max: 2n ** 42n }),
  records: fc.array(record, { minLength: 1, maxLength: 20 }),
});

const plain = ({ headers: found, offset, timestampMs, timestampType, key, value }: RawRecord): unknown => ({
  offset,
  timestampMs,
  timestampType,
  key: key && Buffer.from(key).toString("hex"),
  value: value && Buffer.from(value).toString("hex"),
  headers: found.map(([name, content]) => [name, content && Buffer.from(content).toString("hex")]),
});

async function readAll(written: Buffer): Promise<readonly RawRecord[]> {
  const set = await readRecordSet(written, [], uncompressed);
  return set ? drain(queueRecordSet(at, set, 0n)) : [];
}

describe("Reading record batches", () => {
  it("agrees with kafkajs about every record", () =>
    fc.assert(
      fc.asyncProperty(batch, async (one) => {
        const written = writeBatch(one);
        const { records } = await decodeBatch(new Decoder(written));
        expect((await readAll(written)).map(plain)).to.deep.equal(
          records.map((message) => plain(toRawRecord(at, message))),
        );
      }),
      { numRuns: 300 },
    ));

  it("refuses spoiled bytes as malformed or reads them whole, and never fails later", () =>
    fc.assert(
      fc.asyncProperty(
        batch,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (one, changes) => {
          const written = writeBatch(one);
          for (const [place, byte] of changes) written[61 + (place % (written.length - 61))] = byte;
          try {
            for (const { headers: made } of await readAll(written)) expect(made).to.be.an("array");
          } catch (error) {
            expect(error).to.be.instanceOf(KeryxError);
            expect((error as KeryxError).details["reason"]).to.equal("malformed");
          }
        },
      ),
      { numRuns: 1_000 },
    ));
});
