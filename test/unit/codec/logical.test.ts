import { expect } from "chai";
import fc from "fast-check";
import type { Decimal, LocalDate, Uuid } from "../../../src/codec/brands.ts";
import * as logical from "../../../src/codec/logical.ts";
import { createReader, type Reader } from "../../../src/codec/reader.ts";
import { createWriter, finishWriting, type Writer, writeInt, writeLong } from "../../../src/codec/writer.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

function bytesOf(write: (writer: Writer) => void): Uint8Array {
  const writer = createWriter(0);
  write(writer);
  return finishWriting(writer);
}

function roundTrip<T>(write: (writer: Writer) => void, read: (reader: Reader) => T): T {
  return read(createReader(bytesOf(write)));
}

describe("logical types", () => {
  it("turn every 32-bit day into a date and back, agreeing with the calendar of Date", () => {
    const day = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.oneof(day, fc.integer({ min: -800_000, max: 3_000_000 })), (days) => {
        const text = roundTrip((writer) => writeInt(writer, days, "d"), logical.readDate);
        expect([...bytesOf((writer) => logical.writeDate(writer, text, "d"))]).deep.equals([
          ...bytesOf((writer) => writeInt(writer, days, "d")),
        ]);
        if (Math.abs(days) <= 100_000_000)
          expect(text).equals(new Date(days * 86_400_000).toISOString().split("T")[0]);
      }),
    );
  });

  it("refuse dates that do not exist or are written another way", () => {
    const wrong = [
      "2023-02-29",
      "2024-13-01",
      "2024-00-10",
      "2024-1-1",
      "24-01-01",
      "+002024-01-01",
      "2024-01-01Z",
      "",
      "-000000-01-01",
    ];
    for (const text of [...wrong, 5 as unknown as string]) {
      expect(() => bytesOf((writer) => logical.writeDate(writer, text as LocalDate, "day"))).throws(
        "day: expected a date",
      );
      expect(() => logical.localDate(text)).throws("[encode_failed]");
    }
    expect(logical.localDate("2024-02-29")).equals("2024-02-29");
    expect(logical.localDate("+012345-01-01")).equals("+012345-01-01");
  });

  it("refuse a timestamp that no Date can hold, on either way", () => {
    const beyond = bytesOf((writer) => writeLong(writer, 8_640_000_000_000_001n, "t"));
    expect(() => logical.readTimestamp(createReader(beyond))).throws("[decode_failed]");
    expect(() => bytesOf((writer) => logical.writeTimestamp(writer, new Date(Number.NaN), "t"))).throws(
      "t: an invalid Date",
    );
    expect(() => bytesOf((writer) => logical.writeTimestamp(writer, 5 as unknown as Date, "t"))).throws(
      "t: expected a Date",
    );
  });

  it("validate a UUID when it is written, as text and as bytes", () => {
    const uuid = logical.uuid("123E4567-e89b-12d3-a456-426614174000");
    expect(roundTrip((writer) => logical.writeUuid(writer, uuid, "id"), logical.readUuid)).equals(uuid);
    expect(roundTrip((writer) => logical.writeUuidBytes(writer, uuid, "id"), logical.readUuidBytes)).equals(
      uuid.toLowerCase(),
    );
    for (const text of [
      "",
      "123e4567e89b12d3a456426614174000",
      "x23e4567-e89b-12d3-a456-426614174000",
      `${uuid}\n`,
    ]) {
      expect(() => logical.uuid(text)).throws("[encode_failed]");
      expect(() => bytesOf((writer) => logical.writeUuid(writer, text as Uuid, "id"))).throws(
        "id: expected a UUID",
      );
      expect(() => bytesOf((writer) => logical.writeUuidBytes(writer, text as Uuid, "id"))).throws(
        "id: expected a UUID",
      );
    }
  });

  it("write decimals in the fewest bytes of two's complement and check digits and scale", () => {
    const bytes = (unscaled: bigint): number[] => [
      ...bytesOf((writer) => logical.writeDecimal(writer, { unscaled, scale: 2 }, 5, 2, "d")),
    ];
    expect(bytes(0n)).deep.equals([2, 0]);
    expect(bytes(127n)).deep.equals([2, 127]);
    expect(bytes(128n)).deep.equals([4, 0, 128]);
    expect(bytes(-128n)).deep.equals([2, 128]);
    expect(bytes(-129n)).deep.equals([4, 255, 127]);
    expect(bytes(-99_999n)).deep.equals([6, 0xfe, 0x79, 0x61]);
    for (const value of [
      { unscaled: 100_000n, scale: 2 },
      { unscaled: 1n, scale: 3 },
      { unscaled: 1, scale: 2 },
      null,
    ])
      expect(() => bytesOf((writer) => logical.writeDecimal(writer, value as Decimal, 5, 2, "d"))).throws(
        "d: ",
      );
  });

  it("refuse a decimal with more digits than its schema, and one that its bytes cannot hold", () => {
    const tooMany = bytesOf((writer) =>
      logical.writeDecimal(writer, { unscaled: 100_000n, scale: 0 }, 6, 0, "d"),
    );
    expect(() => logical.readDecimal(createReader(tooMany), 5, 0)).throws("[decode_failed]");
    expect(logical.readDecimal(createReader(tooMany), 6, 0).unscaled).equals(100_000n);
    expect(logical.readDecimal(createReader(Uint8Array.of(0)), 5, 1)).deep.equals({ unscaled: 0n, scale: 1 });
    expect(() =>
      bytesOf((writer) => logical.writeFixedDecimal(writer, { unscaled: 200n, scale: 0 }, 1, 5, 0, "d")),
    ).throws("d: the decimal does not fit 1 bytes");
    const fixed = bytesOf((writer) =>
      logical.writeFixedDecimal(writer, { unscaled: -2n, scale: 0 }, 3, 5, 0, "d"),
    );
    expect([...fixed]).deep.equals([255, 255, 254]);
    expect(logical.readFixedDecimal(createReader(fixed), 3, 5, 0).unscaled).equals(-2n);
  });

  it("spend no time on a precision that a hostile schema makes huge", () => {
    const timeMs = cpuTimeMs(() => {
      const read = roundTrip(
        (writer) => logical.writeDecimal(writer, { unscaled: 7n, scale: 0 }, 2_147_483_647, 0, "d"),
        (reader) => logical.readDecimal(reader, 2_147_483_647, 0),
      );
      expect(read.unscaled).equals(7n);
    });
    expect(timeMs).lessThan(200);
  });

  it("keep the three parts of a duration, each an unsigned 32-bit number", () => {
    const duration = { months: 1, days: 2 ** 32 - 1, milliseconds: 0 };
    expect(
      roundTrip((writer) => logical.writeDuration(writer, duration, "d"), logical.readDuration),
    ).deep.equals(duration);
    for (const part of [-1, 2 ** 32, 0.5, Number.NaN])
      expect(() =>
        bytesOf((writer) => logical.writeDuration(writer, { ...duration, days: part }, "d")),
      ).throws("d: ");
    expect(() => logical.readDuration(createReader(new Uint8Array(11)))).throws("[decode_failed]");
  });
});
