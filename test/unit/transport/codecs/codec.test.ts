import { randomBytes } from "node:crypto";
import * as zlib from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import type { KeryxError } from "../../../../src/core/errors.ts";
import { type CodecLimits, createCodec } from "../../../../src/transport/codecs/codec.ts";
import { registerCodecs } from "../../../../src/transport/kafkajs/codecs.ts";

const limits: CodecLimits = { maxBytes: 8 << 20, maxRatio: 1_000 };
const compressions = ["gzip", "snappy", "lz4", "zstd"] as const;

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return (error as KeryxError).details["reason"];
  }
  return "accepted";
}

describe("codecs", () => {
  for (const compression of compressions) {
    const codec = createCodec(compression, limits);

    it(`${compression} gives back what it took, of any size`, async () => {
      const repeating = Buffer.from("0123456789abcdef".repeat(20_000));
      for (const source of [
        Buffer.alloc(0),
        Buffer.from("a"),
        Buffer.alloc(13),
        randomBytes(100),
        randomBytes(200_000),
        repeating,
        Buffer.alloc(1 << 20),
      ]) {
        const back = await codec.decompress(await codec.compress(source));
        expect(Buffer.compare(Buffer.from(back), source), `${source.length} bytes`).to.equal(0);
      }
    });

    it(`${compression} gives back arbitrary bytes`, async () => {
      const piece = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 400 }));
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
          const source = Buffer.concat(
            pieces.flatMap(([bytes, times]) => Array<Uint8Array>(times).fill(bytes)),
          );
          const back = await codec.decompress(await codec.compress(source));
          return Buffer.compare(Buffer.from(back), source) === 0;
        }),
        { numRuns: 60 },
      );
    });

    it(`${compression}: a bomb fails within the limit on bytes`, async () => {
      const bomb = await codec.compress(Buffer.alloc(9 << 20));
      expect(await reasonOf(codec.decompress(bomb))).to.equal("too-large");
    });

    it(`${compression}: a bomb fails within the limit on the ratio, small output excepted`, async () => {
      const strict = createCodec(compression, { maxBytes: 64 << 20, maxRatio: 10 });
      const bomb = await codec.compress(Buffer.alloc(4 << 20));
      expect(await reasonOf(strict.decompress(bomb))).to.equal("too-large");
      expect(await reasonOf(strict.decompress(await codec.compress(Buffer.alloc(1 << 19))))).to.equal(
        "accepted",
      );
    });

    it(`${compression}: bytes that are something else are refused as malformed, whatever they are`, async () => {
      const good = Buffer.from(
        await codec.compress(Buffer.from("some text, some text, some text, and some more".repeat(50))),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          fc.nat(good.length),
          async (edits, cut) => {
            const bad = Buffer.from(good.subarray(0, cut));
            for (const [at, value] of edits) if (at < bad.length) bad[at] = value;
            return ["accepted", "malformed", "too-large"].includes(
              String(await reasonOf(codec.decompress(bad))),
            );
          },
        ),
        { numRuns: 300 },
      );
      expect(
        await reasonOf(codec.decompress(Buffer.from("certainly not compressed, in any format"))),
      ).to.be.oneOf(["malformed", "too-large"]);
    });
  }

  it("snappy reads the raw format too, and a declared size alone is no reason to make room", async () => {
    const codec = createCodec("snappy", limits);
    const raw = Buffer.from([5, 4 << 2, 104, 101, 108, 108, 111]);
    expect(Buffer.from(await codec.decompress(raw)).toString()).to.equal("hello");
    expect(await reasonOf(codec.decompress(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])))).to.equal(
      "too-large",
    );
    expect(await reasonOf(codec.decompress(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])))).to.equal(
      "malformed",
    );
  });

  it("lz4 writes what Java reads: version 1, independent blocks, the header's own checksum", async () => {
    const frame = await createCodec("lz4", limits).compress(Buffer.from("abc"));
    expect(Buffer.from(frame.subarray(0, 7)).toString("hex")).to.equal("04224d18604082");
  });

  it("lz4 reads a frame with content size, block checksums and blocks that lean on earlier ones", async () => {
    const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x58, 0x40, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    const plain = Buffer.from([4, 0, 0, 0x80, 97, 98, 99, 100, 9, 9, 9, 9]);
    const match = Buffer.from([3, 0, 0, 0, 0x00, 4, 0, 9, 9, 9, 9]);
    const frame = Buffer.concat([header, plain, match, Buffer.from([0, 0, 0, 0])]);
    expect(Buffer.from(await createCodec("lz4", limits).decompress(frame)).toString()).to.equal("abcdabcd");
  });

  for (const [what, hex] of [
    ["another magic", "05224d1860408200000000"],
    ["another version", "04224d18a0408200000000"],
    ["a dictionary", "04224d1861408200000000"],
    ["an unknown block size", "04224d1860008200000000"],
    ["a block longer than its frame", "04224d18604082ff000000"],
    ["no end", "04224d18604082"],
    ["a match before the output", "04224d186040820400000000ff0000"],
    ["literals past the block", "04224d1860408202000000f0ff"],
  ] as const)
    it(`lz4 refuses ${what}`, async () => {
      expect(await reasonOf(createCodec("lz4", limits).decompress(Buffer.from(hex, "hex")))).to.equal(
        "malformed",
      );
    });

  it("gzip and zstd are the formats that everyone else writes", async () => {
    const text = Buffer.from("text ".repeat(30_000));
    expect(
      Buffer.from(await createCodec("gzip", limits).decompress(zlib.gzipSync(text))).equals(text),
    ).to.equal(true);
    expect(zlib.zstdDecompressSync(await createCodec("zstd", limits).compress(text)).equals(text)).to.equal(
      true,
    );
  });

  it("a codec that the application set stays, the others are filled in, once", async () => {
    const own = (): object => ({ mine: true });
    const notImplemented = (): never => {
      throw Object.assign(new Error("no"), { name: "KafkaJSNotImplemented" });
    };
    const table: Record<number, unknown> = { 1: own, 2: notImplemented, 3: undefined, 4: notImplemented };
    registerCodecs(limits, table);
    const [, snappy] = [table[1], table[2]];
    expect(table[1]).to.equal(own);
    expect(
      [table[2], table[3], table[4]].every(
        (factory) => typeof factory === "function" && factory !== notImplemented,
      ),
    ).to.equal(true);
    registerCodecs(limits, table);
    expect(table[2]).to.equal(snappy);
    const codec = (
      snappy as () => { compress(e: object): Promise<Buffer>; decompress(b: Buffer): Promise<Buffer> }
    )();
    const back = await codec.decompress(await codec.compress({ buffer: Buffer.from("x".repeat(100)) }));
    expect(back.toString()).to.equal("x".repeat(100));
  });
});
