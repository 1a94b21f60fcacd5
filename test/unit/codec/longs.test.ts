import { expect } from "chai";
import { readLong } from "../../../src/codec/avro-values.ts";
import {
  readLongNumber,
  readLongString,
  writeLongNumber,
  writeLongString,
} from "../../../src/codec/longs.ts";
import { createReader, type Reader } from "../../../src/codec/reader.ts";
import {
  createWriter,
  enterValue,
  finishWriting,
  type Writer,
  writeLong,
} from "../../../src/codec/writer.ts";
import { KeryxError } from "../../../src/core/errors.ts";

const bytesOf = (write: (writer: Writer) => void): Uint8Array => {
  const writer = createWriter(0);
  write(writer);
  return finishWriting(writer);
};
const readerOf = (value: bigint): Reader => createReader(bytesOf((writer) => writeLong(writer, value, "n")));
const limit = 2n ** 53n;

function refusal(work: () => unknown): KeryxError {
  try {
    work();
  } catch (error) {
    expect(error).instanceOf(KeryxError);
    return error as KeryxError;
  }
  throw new Error("nothing was refused");
}

describe("longs that are no bigints", () => {
  it("are read and written as numbers up to 2^53 - 1, and beyond that refused with the field's name", () => {
    for (const value of [limit - 1n, 1n - limit, 2n ** 31n, -(2n ** 31n), 64n, 1n, 0n, -1n]) {
      const number = readLongNumber(readerOf(value), "a.B.n");
      expect(number).equals(Number(value));
      const written = createReader(bytesOf((writer) => writeLongNumber(writer, number, "n")));
      expect(readLong(written)).equals(value);
    }
    for (const value of [limit, limit + 1n, -limit, -limit - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const error = refusal(() => readLongNumber(readerOf(value), "a.B.n"));
      expect(error.code).equals("decode_failed");
      expect(error.message).contains("a.B.n").and.not.contains(String(value));
      expect(error.details).deep.include({ reason: "type-mismatch", path: "a.B.n" });
    }
  });

  it("are text that is exact up to the ends of 64 bits", () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), limit + 1n, -limit - 1n, 10n, 0n, -1n]) {
      expect(readLongString(readerOf(value))).equals(String(value));
      const written = createReader(bytesOf((writer) => writeLongString(writer, String(value), "n")));
      expect(readLong(written)).equals(value);
    }
  });

  it("are refused, when written, in any other form, with the path and without the value", () => {
    const numbers = [
      2 ** 53,
      -(2 ** 53),
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      5n,
      "5",
      null,
      undefined,
    ];
    const texts = [
      ...["", "-", "-0", "00", "007", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1_000", "٣", "1n"],
      ...["9223372036854775808", "-9223372036854775809", "9".repeat(20), "9".repeat(1_000_000)],
      ...[5, 5n, null, undefined, ["5"]],
    ];
    const refusals = [
      ...numbers.map(
        (value) => [value, writeLongNumber as (w: Writer, value: never, at: string) => void] as const,
      ),
      ...texts.map(
        (value) => [value, writeLongString as (w: Writer, value: never, at: string) => void] as const,
      ),
    ];
    for (const [value, write] of refusals) {
      const error = refusal(() =>
        bytesOf((writer) => {
          enterValue(writer, {}, "a.B");
          write(writer, value as never, "n");
        }),
      );
      expect(error.code, String(value)).equals("encode_failed");
      expect(error.details).deep.equals({ path: "a.B.n", reason: "type-mismatch" });
      if (typeof value === "string" && value.length > 4) expect(error.message).not.contains(value);
    }
  });

  it("keep no sign of a zero, which a long does not have", () => {
    expect(
      Object.is(readLongNumber(createReader(bytesOf((w) => writeLongNumber(w, -0, "n"))), "f"), 0),
    ).equals(true);
  });
});
