import { expect } from "chai";
import * as values from "../../../src/codec/avro-values.ts";
import * as core from "../../../src/codec/reader.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

const codec = { ...core, ...values };
const { createReader } = codec;
const over = (...bytes: number[]): core.Reader => createReader(Uint8Array.from(bytes));

/** The reason of a refusal; fails when there is none, when it is of another kind, or when it took long. */
function reasonOf(work: () => unknown): unknown {
  let refused: unknown;
  const timeMs = cpuTimeMs(() => {
    try {
      work();
    } catch (error) {
      refused = error;
    }
  });
  expect(refused).instanceOf(KeryxError).property("code", "decode_failed");
  expect(timeMs).lessThan(200);
  return (refused as KeryxError).details["reason"];
}

/** Zig-zag varint of an item count or length. */
function zigzag(value: bigint): number[] {
  let raw = value < 0n ? -2n * value - 1n : 2n * value;
  const bytes: number[] = [];
  do {
    bytes.push(Number(raw & 0x7fn) | (raw > 0x7fn ? 0x80 : 0));
    raw >>= 7n;
  } while (raw > 0n);
  return bytes;
}

describe("the bounded reader", () => {
  it("reads integers at both ends of their range", () => {
    expect(codec.readInt(over(...zigzag(2n ** 31n - 1n)))).equals(2 ** 31 - 1);
    expect(codec.readInt(over(...zigzag(-(2n ** 31n))))).equals(-(2 ** 31));
    for (const value of [0n, -1n, 63n, -64n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)])
      expect(codec.readLong(over(...zigzag(value)))).equals(value);
  });

  it("refuses an int beyond 32 bits and a varint beyond 64 bits or 10 bytes", () => {
    expect(reasonOf(() => codec.readInt(over(...zigzag(2n ** 31n))))).equals("malformed");
    expect(reasonOf(() => codec.readInt(over(...zigzag(2n ** 60n))))).equals("malformed");
    expect(codec.readLong(over(...Array(9).fill(0x80), 0x01))).equals(2n ** 62n);
    expect(codec.readLong(over(...Array(9).fill(0x80), 0x00))).equals(0n);
    expect(reasonOf(() => codec.readLong(over(...Array(9).fill(0xff), 0x02)))).equals("malformed");
    expect(reasonOf(() => codec.readLong(over(...Array(10).fill(0x80), 0x00)))).equals("malformed");
  });

  it("refuses lengths that are negative, huge or longer than the rest", () => {
    for (const length of [-1n, -(2n ** 31n), 2n ** 31n, 2n ** 62n, 5n])
      for (const read of [codec.readBytes, codec.readString])
        expect(reasonOf(() => read(over(...zigzag(length), 1, 2, 3, 4)))).equals("malformed");
    expect(reasonOf(() => codec.readFixed(over(1, 2), 3))).equals("malformed");
    expect(reasonOf(() => codec.readDouble(over(1, 2, 3, 4, 5, 6, 7)))).equals("malformed");
    expect(reasonOf(() => codec.readFloat(over()))).equals("malformed");
    expect(reasonOf(() => codec.readInt(over()))).equals("malformed");
  });

  it("refuses a few bytes that declare billions of items, before anything is allocated", () => {
    expect(reasonOf(() => codec.openBlock(over(...zigzag(2n ** 31n)), 1))).equals("malformed");
    expect(reasonOf(() => codec.openBlock(over(...zigzag(2n ** 62n)), 0))).equals("malformed");
    expect(reasonOf(() => codec.openBlock(over(...zigzag(-(2n ** 63n))), 0))).equals("malformed");
    expect(reasonOf(() => codec.openBlock(over(...zigzag(2n ** 31n)), 0))).equals("too-large");
  });

  it("counts items of no size against a budget of one for each byte and 1,024", () => {
    const bytes = Uint8Array.from([...zigzag(1040n), 0]);
    const budget = bytes.length + 1024;
    const at = createReader(Uint8Array.from([...zigzag(BigInt(budget)), 0]));
    expect(codec.openBlock(at, 0)).equals(budget);
    const above = createReader(Uint8Array.from([...zigzag(BigInt(budget + 1)), 0]));
    expect(reasonOf(() => codec.openBlock(above, 0))).equals("too-large");
  });

  it("keeps the budget across blocks and lists", () => {
    const half = zigzag(600n);
    const reader = over(...half, ...half, 0);
    expect(codec.openBlock(reader, 0)).equals(600);
    expect(reasonOf(() => codec.openBlock(reader, 0))).equals("too-large");
  });

  it("never lets a payload hold more than a million items, whatever its size", () => {
    const reader = createReader(Uint8Array.from([...zigzag(1_000_001n), ...new Uint8Array(1_000_001)]));
    expect(reasonOf(() => codec.openBlock(reader, 1))).equals("too-large");
  });

  it("accepts a sized block whose content has that size, and refuses any other", () => {
    const reader = over(...zigzag(-2n), ...zigzag(2n), 2, 4, 0);
    expect(codec.openBlock(reader, 1)).equals(2);
    const end = reader.blockEnd;
    expect([codec.readInt(reader), codec.readInt(reader)]).deep.equals([1, 2]);
    codec.closeBlock(reader, end);
    expect(codec.openBlock(reader, 1)).equals(0);
    for (const size of [1n, 3n]) {
      const wrong = over(...zigzag(-2n), ...zigzag(size), 2, 4, 0, 0);
      codec.openBlock(wrong, 1);
      const wrongEnd = wrong.blockEnd;
      codec.readInt(wrong);
      codec.readInt(wrong);
      expect(reasonOf(() => codec.closeBlock(wrong, wrongEnd))).equals("malformed");
    }
    expect(reasonOf(() => codec.openBlock(over(...zigzag(-1n), ...zigzag(9n), 0), 1))).equals("malformed");
    expect(reasonOf(() => codec.openBlock(over(...zigzag(-1n), ...zigzag(-1n), 0), 1))).equals("malformed");
  });

  it("refuses records nested deeper than 100, and counts what was left again", () => {
    const reader = over();
    for (let depth = 0; depth < 100; depth += 1) codec.enter(reader);
    expect(reasonOf(() => codec.enter(reader))).equals("too-deep");
    const wide = over();
    for (let count = 0; count < 1000; count += 1) {
      codec.enter(wide);
      codec.leave(wide);
    }
  });

  it("reads text strictly: short and long, with a byte order mark, and nothing that is not UTF-8", () => {
    const text = (content: Uint8Array): string =>
      codec.readString(createReader(Uint8Array.from([...zigzag(BigInt(content.length)), ...content])));
    for (const sample of ["", "ascii", "a".repeat(200), "\ufeffmark", "żółć 😀", "\u0000", "é".repeat(90)])
      expect(text(new TextEncoder().encode(sample))).equals(sample);
    const wrong = [
      [0xff],
      [0xc0, 0x80],
      [0xe0, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xc3],
    ];
    for (const bytes of wrong) {
      expect(reasonOf(() => text(Uint8Array.from(bytes)))).equals("invalid-text");
      expect(reasonOf(() => text(Uint8Array.from([...new Uint8Array(40), ...bytes])))).equals("invalid-text");
    }
  });

  it("refuses booleans, enum symbols and trailing bytes that mean nothing", () => {
    expect([codec.readBoolean(over(0)), codec.readBoolean(over(1))]).deep.equals([false, true]);
    expect(reasonOf(() => codec.readBoolean(over(2)))).equals("malformed");
    expect(codec.readEnum(over(2), ["A", "B"])).equals("B");
    for (const index of [4, 1, 0x7f])
      expect(reasonOf(() => codec.readEnum(over(index), ["A", "B"]))).equals("malformed");
    expect(codec.readNull(over())).equals(null);
    codec.finishReading(over());
    expect(reasonOf(() => codec.finishReading(over(0)))).equals("malformed");
  });

  it("copies bytes, so that a kept value does not keep the payload", () => {
    const payload = Uint8Array.from([4, 1, 2]);
    const bytes = codec.readBytes(createReader(payload));
    payload[1] = 9;
    expect([...bytes]).deep.equals([1, 2]);
    expect(bytes.buffer.byteLength).equals(2);
  });
});
