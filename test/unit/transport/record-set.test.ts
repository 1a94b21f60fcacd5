import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { RawRecord } from "../../../src/core/record.ts";
import { queueRecordSet } from "../../../src/transport/fetched-records.ts";
import {
  type AbortedTransaction,
  isCurrentFormat,
  type RecordSet,
  readRecordSet,
} from "../../../src/transport/record-set.ts";
import { sizeOf } from "../../../src/transport/records.ts";
import { drain } from "../../suites/transport-tools.ts";
import {
  attribute,
  type WrittenRecord,
  writeBatch,
  writeMark,
  writeRecord,
} from "../../support/record-batches.ts";

const at = { topic: "t", partition: 3 };
const gunzip = async (_codec: number, bytes: Buffer): Promise<Buffer> => gunzipSync(bytes);
const text = (value: string): Buffer => Buffer.from(value);
const values = (...names: readonly string[]): WrittenRecord[] => names.map((name) => ({ value: text(name) }));

const read = async (bytes: Buffer, aborted: readonly AbortedTransaction[] = []): Promise<RecordSet> =>
  (await readRecordSet(bytes, aborted, gunzip)) ?? { stretches: [], lastOffset: -1n };
const recordsOf = (set: RecordSet, from = 0n): readonly RawRecord[] => drain(queueRecordSet(at, set, from));
const valuesOf = (records: readonly RawRecord[]): readonly string[] =>
  records.map(({ value }) => Buffer.from(value ?? []).toString());
const failure = async (bytes: Buffer): Promise<KeryxError> => {
  try {
    recordsOf(await read(bytes));
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("nothing failed");
};

describe("Fetched record batches", () => {
  it("give key, value, offset, time and headers as they were written, null and empty apart", async () => {
    const written = writeBatch({
      baseOffset: 40n,
      baseTimestamp: 1_790_000_000_000n,
      records: [
        { key: text("k"), value: null, timestampDelta: -5 },
        {
          key: null,
          value: Buffer.alloc(0),
          offsetDelta: 700,
          timestampDelta: 3_000_000_000,
          headers: [
            ["b", text("1")],
            ["a", null],
            ["b", Buffer.alloc(0)],
            ["constructor", text("2")],
          ],
        },
      ],
    });
    const [first, second] = recordsOf(await read(written));
    expect(first).to.include({ ...at, offset: 40n, timestampMs: 1_789_999_999_995, value: null });
    expect(Buffer.from(first!.key!).toString()).to.equal("k");
    expect(first!.timestampType).to.equal("CreateTime");
    expect(second).to.include({ offset: 740n, timestampMs: 1_793_000_000_000, key: null });
    expect(second!.value).to.have.length(0);
    expect(
      second!.headers.map(([name, value]) => [name, value && Buffer.from(value).toString()]),
    ).to.deep.equal([
      ["b", "1"],
      ["a", null],
      ["b", ""],
      ["constructor", "2"],
    ]);
  });

  it("find the last header of a name, before and after the headers were made", async () => {
    const headers = [
      ["a", text("1")],
      ["b", text("2")],
      ["a", text("3")],
      ["n", null],
    ] as const;
    const [record] = recordsOf(await read(writeBatch({ records: [{ headers }] })));
    for (let round = 0; round < 2; round++) {
      expect(Buffer.from(record!.findHeader!("a")!).toString()).to.equal("3");
      expect(record!.findHeader!("n")).to.equal(null);
      expect(record!.findHeader!("c")).to.equal(undefined);
      expect(record!.headers).to.have.length(4);
    }
  });

  it("carry the broker's time where the topic says so", async () => {
    const written = writeBatch({
      attributes: attribute.logAppend,
      maxTimestamp: 9_000n,
      records: [{ timestampDelta: 5 }],
    });
    expect(recordsOf(await read(written))[0]).to.include({
      timestampMs: 9_000,
      timestampType: "LogAppendTime",
    });
  });

  it("are taken out of their compression", async () => {
    const records = values("a", "b");
    const content = gzipSync(Buffer.concat(records.map(writeRecord)));
    expect(
      valuesOf(recordsOf(await read(writeBatch({ records, content, attributes: attribute.gzip })))),
    ).to.deep.equal(["a", "b"]);
  });

  it("begin at the offset that was asked for, inside a batch too, and count what is left", async () => {
    const set = await read(
      Buffer.concat([
        writeBatch({ baseOffset: 10n, records: values("a", "b", "c") }),
        writeBatch({ baseOffset: 20n, records: values("d") }),
      ]),
    );
    expect(set.lastOffset).to.equal(20n);
    for (const [from, expected] of [
      [0n, ["a", "b", "c", "d"]],
      [12n, ["c", "d"]],
      [13n, ["d"]],
      [21n, []],
    ] as const) {
      const queue = queueRecordSet(at, set, from);
      expect(queue.size()).to.equal(expected.length);
      expect(queue.peek()).to.equal(queue.peek());
      const records = drain(queue);
      expect(valuesOf(records)).to.deep.equal(expected);
      expect(queue.bytes).to.equal(records.reduce((sum, record) => sum + sizeOf(record), 0));
      expect([queue.size(), queue.peek(), queue.shift()]).to.deep.equal([0, undefined, undefined]);
    }
  });

  it("leave a batch that was cut off to the next fetch, and cover offsets whose records are gone", async () => {
    const whole = writeBatch({ baseOffset: 1n, records: values("a"), lastOffsetDelta: 8 });
    const cut = writeBatch({ baseOffset: 10n, records: values("b") });
    const set = await read(Buffer.concat([whole, cut.subarray(0, cut.length - 1)]));
    expect(set.lastOffset).to.equal(9n);
    expect(valuesOf(recordsOf(set))).to.deep.equal(["a"]);
    expect(await readRecordSet(cut.subarray(0, 65), [], gunzip)).to.equal(undefined);
  });

  it("leave out marks and aborted transactions, and nothing of other producers or of later transactions", async () => {
    const transactional = attribute.transactional;
    const set = await read(
      Buffer.concat([
        writeBatch({ baseOffset: 0n, producerId: 7n, attributes: transactional, records: values("aborted") }),
        writeBatch({ baseOffset: 1n, producerId: 8n, attributes: transactional, records: values("kept") }),
        writeBatch({ baseOffset: 2n, producerId: 7n, records: values("plain") }),
        writeMark(3n, 8n, "commit"),
        writeMark(4n, 7n, "abort"),
        writeBatch({ baseOffset: 5n, producerId: 7n, attributes: transactional, records: values("later") }),
        writeMark(6n, 7n, "commit"),
      ]),
      [
        { producerId: 9n, firstOffset: 50n },
        { producerId: 7n, firstOffset: 0n },
      ],
    );
    expect(valuesOf(recordsOf(set))).to.deep.equal(["kept", "plain", "later"]);
    expect(set.lastOffset).to.equal(6n);
  });

  it("know an older format", () => {
    expect(isCurrentFormat(writeBatch({ records: [] }))).to.equal(true);
    expect(isCurrentFormat(writeBatch({ magic: 1 }))).to.equal(false);
    expect(isCurrentFormat(Buffer.alloc(0))).to.equal(true);
  });

  const record = writeRecord({ key: text("key"), value: text("value"), headers: [["h", text("x")]] }, 0);
  const spoil = (index: number, byte: number): Buffer => {
    const bytes = Buffer.from(record);
    bytes[index] = byte;
    return bytes;
  };
  const spoiled: readonly (readonly [what: string, content: Buffer])[] = [
    ["a record longer than its batch", spoil(0, 0x7e)],
    ["a record of a negative length", spoil(0, 0x01)],
    ["a key longer than its record", spoil(4, 0x7e)],
    ["a number of more than 64 bits", Buffer.concat([Buffer.alloc(10, 0xff), record])],
    ["bytes behind the last record", Buffer.concat([record, Buffer.from([0])])],
    ["bytes behind the last header", spoil(record.length - 5, 0)],
    ["a negative number of headers", spoil(record.length - 5, 1)],
    ["a header without a name", spoil(record.length - 4, 1)],
    ["nothing", Buffer.alloc(0)],
  ];
  for (const [what, content] of spoiled)
    it(`are refused with ${what}`, async () => {
      const { code, details } = await failure(writeBatch({ records: [{}], content }));
      expect([code, details["reason"]]).to.deep.equal(["decode_failed", "malformed"]);
    });

  it("are given up to one that cannot be read, which the next fetch begins with", async () => {
    const good = writeBatch({ baseOffset: 5n, records: values("a", "b") });
    const bad = writeBatch({ baseOffset: 7n, records: values("c"), attributes: attribute.gzip });
    const set = await read(Buffer.concat([good, bad, writeBatch({ baseOffset: 8n, records: values("d") })]));
    expect(valuesOf(recordsOf(set))).to.deep.equal(["a", "b"]);
    expect(set.lastOffset).to.equal(6n);
    await read(bad).then(
      () => expect.fail("it was read"),
      (error: unknown) => expect(error).to.be.instanceOf(Error),
    );
  });

  it("are refused when shorter than their header, or of another format", async () => {
    const short = writeBatch({ records: values("a") });
    short.writeInt32BE(10, 8);
    expect((await failure(short)).code).to.equal("decode_failed");
    expect((await failure(writeBatch({ magic: 1, baseOffset: 1n }))).code).to.equal("decode_failed");
  });
});
