import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Header } from "../../../src/core/record.ts";
import { frameHeader, type Payload, readFrame, readIndexes, readPayload } from "../../../src/serde/frame.ts";

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const payloadOf = ({ bytes, room }: Payload): Uint8Array => bytes.subarray(room);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const headerOf = (hex: string | null): Header => ["__value_schema_id", hex === null ? null : bytesOf(hex)];

function reasonOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof KeryxError && error.code === "decode_failed") return error.details["reason"];
    throw error;
  }
  return undefined;
}

describe("frames", () => {
  const protobuf = [
    [1, [0], "00 00000001 00"],
    [3, [1], "00 00000003 0202"],
    [3, [1, 0], "00 00000003 040200"],
    [3, [1, 2, 3], "00 00000003 06020406"],
    [2147483647, [64, 8192], "00 7fffffff 04 8001 808001"],
  ] as const;
  for (const [id, indexes, hex] of protobuf)
    it(`write and read id ${id} with the message indexes [${indexes}]`, () => {
      expect(hexOf(frameHeader(id, indexes))).to.equal(hexOf(bytesOf(hex)));
      const frame = readFrame(bytesOf(`${hex} ff0001`), { headers: [] });
      expect(frame.schemaId).to.equal(id);
      const read = readIndexes(frame, "zigzag");
      expect(read.indexes).to.deep.equal([...indexes]);
      expect(hexOf(payloadOf(read))).to.equal("ff0001");
    });

  it("write and read Avro without indexes", () => {
    expect(hexOf(frameHeader(1))).to.equal("0000000001");
    const frame = readFrame(bytesOf("00 00000001 0005"), { headers: [] });
    expect(hexOf(payloadOf(readPayload(frame)))).to.equal("0005");
  });

  it("keep an empty payload empty", () => {
    const avro = readPayload(readFrame(bytesOf("0000000001"), { headers: [] }));
    const first = readIndexes(readFrame(bytesOf("000000000100"), { headers: [] }), "zigzag");
    expect([payloadOf(avro), payloadOf(first)]).to.deep.equal([new Uint8Array(), new Uint8Array()]);
  });

  it("read the written-out form of the first message", () => {
    expect(
      readIndexes(readFrame(bytesOf("00 00000001 0200 aa"), { headers: [] }), "zigzag").indexes,
    ).to.deep.equal([0]);
  });

  it("take the id from the last header that has a value, and the payload whole", () => {
    const frame = readFrame(bytesOf("00000000090a"), {
      headers: [headerOf("0000000007"), headerOf("00 00000008 0202")],
    });
    expect(frame.schemaId).to.equal(8);
    expect(readIndexes(frame, "zigzag")).to.deep.equal({
      indexes: [1],
      bytes: bytesOf("00000000090a"),
      room: 0,
    });
  });

  it("fall back to the prefix when the last header is null", () => {
    expect(
      readFrame(bytesOf("0000000009"), { headers: [headerOf("0000000007"), headerOf(null)] }).schemaId,
    ).to.equal(9);
  });

  it("read unsigned varints only when told", () => {
    const frame = readFrame(bytesOf("00 00000001 01 01 aa"), { headers: [] });
    expect(readIndexes(frame, "unsigned").indexes).to.deep.equal([1]);
    expect(reasonOf(() => readIndexes(frame, "zigzag"))).to.equal("malformed");
  });
});

describe("hostile frames", () => {
  for (const [what, hex] of [
    ["an empty value", ""],
    ["an unknown magic byte", "02 00000001"],
    ["JSON", "7b7d"],
    ["an id cut short", "00 000000"],
    ["a negative id", "00 ffffffff"],
    ["a GUID cut short", "01 095d71cf12556b9d5e330ad575b3df"],
  ] as const)
    it(`are refused as not framed: ${what}`, () => {
      expect(reasonOf(() => readFrame(bytesOf(hex), { headers: [] }))).to.equal("not-framed");
      expect(reasonOf(() => readFrame(new Uint8Array(), { headers: [headerOf(hex)] }))).to.equal(
        "not-framed",
      );
    });

  for (const [what, indexes] of [
    ["no indexes", ""],
    ["a negative count", "01"],
    ["a negative index", "02 01"],
    ["a count beyond the bytes that are left", "06 02 04"],
    ["a count of millions", "fe ff ff ff 0f 02"],
    ["a count beyond any nesting", `8201 ${"02".repeat(80)}`],
    ["an index cut short", "02 80"],
    ["a varint beyond 5 bytes", "02 808080808001"],
    ["a varint beyond 32 bits", "02 ffffffff1f"],
  ] as const)
    it(`are refused as malformed: ${what}`, () => {
      const frame = readFrame(bytesOf(`0000000001${indexes}`), { headers: [] });
      expect(reasonOf(() => readIndexes(frame, "zigzag"))).to.equal("malformed");
    });

  it("are refused when bytes follow the id or the indexes in a header", () => {
    const frame = readFrame(new Uint8Array(), { headers: [headerOf("00 00000001 00 00")] });
    expect(reasonOf(() => readPayload(frame))).to.equal("malformed");
    expect(reasonOf(() => readIndexes(frame, "zigzag"))).to.equal("malformed");
  });

  it("end in a frame or a refusal, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom("zigzag", "unsigned"),
        (tail, varints) => {
          const bytes = Uint8Array.of(0, 0, 0, 0, 1, ...tail);
          reasonOf(() => {
            const { indexes, room } = readIndexes(readFrame(bytes, { headers: [] }), varints);
            expect(indexes.every((index) => index >= 0)).to.equal(true);
            expect(room).to.be.within(6, bytes.length);
          });
          reasonOf(() => readFrame(tail, { headers: [] }));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it("round-trip with any path", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 64 }),
        (id, indexes) => {
          const frame = readFrame(frameHeader(id, indexes), { headers: [] });
          expect(frame.schemaId).to.equal(id);
          expect(readIndexes(frame, "zigzag").indexes).to.deep.equal(indexes);
        },
      ),
    );
  });
});
