import { expect } from "chai";
import { readLong, readString } from "../../../src/codec/avro-values.ts";
import { createReader } from "../../../src/codec/reader.ts";
import * as codec from "../../../src/codec/writer.ts";
import { KeryxError } from "../../../src/core/errors.ts";

function refusal(work: (writer: codec.Writer) => unknown): {
  path: unknown;
  reason: unknown;
  message: string;
} {
  try {
    work(codec.createWriter(0));
  } catch (error) {
    expect(error).instanceOf(KeryxError).property("code", "encode_failed");
    const { details, message } = error as KeryxError;
    return { path: details["path"], reason: details["reason"], message };
  }
  throw new Error("nothing was refused");
}

// Values as they come from code that no compiler checked.
const wrong = <T>(value: unknown): T => value as T;

describe("the growing writer", () => {
  it("leaves the room in front untouched and keeps everything while it grows", () => {
    const writer = codec.createWriter(6);
    for (let count = 0; count < 5_000; count += 1) codec.writeLong(writer, BigInt(count) - 2_500n, count);
    const bytes = codec.finishWriting(writer);
    expect([...bytes.subarray(0, 6)]).deep.equals([0, 0, 0, 0, 0, 0]);
    const reader = createReader(bytes.subarray(6));
    for (let count = 0; count < 5_000; count += 1) expect(readLong(reader)).equals(BigInt(count) - 2_500n);
  });

  it("writes a text that is larger than its first slab", () => {
    const text = "żółw".repeat(5_000);
    const writer = codec.createWriter(0);
    codec.writeString(writer, text, "text");
    expect(readString(createReader(codec.finishWriting(writer)))).equals(text);
  });

  it("names the path of what does not fit, and never the value", () => {
    const found = refusal((writer) => {
      codec.enterValue(writer, {}, "orders.v1.Order");
      codec.openList(writer, [{}, {}], "items");
      codec.enterValue(writer, {}, 1);
      codec.writeInt(writer, 4_242_424_242, "count");
    });
    expect(found.path).equals("orders.v1.Order.items[1].count");
    expect(found.message).not.contains("4242424242");
  });

  it("refuses integers out of range or of the wrong kind", () => {
    for (const value of [
      2 ** 31,
      -(2 ** 31) - 1,
      1.5,
      Number.NaN,
      Infinity,
      wrong<number>("1"),
      wrong<number>(1n),
    ])
      refusal((writer) => codec.writeInt(writer, value, "n"));
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, wrong<bigint>(1), wrong<bigint>(undefined)])
      refusal((writer) => codec.writeLong(writer, value, "n"));
  });

  it("refuses a lone surrogate wherever it stands", () => {
    for (const text of ["\ud800", "a\udfff", "\ud800\ud800", `${"x".repeat(40)}\ude00`, "\ud83dx"])
      expect(refusal((writer) => codec.writeString(writer, text, "t")).reason).equals("invalid-text");
  });

  it("refuses values of another type by name", () => {
    const cases: readonly (readonly [(writer: codec.Writer) => void, string])[] = [
      [(w) => codec.writeString(w, wrong(5), "f"), "f: expected a string, got number"],
      [(w) => codec.writeBoolean(w, wrong("no"), "f"), "f: expected a boolean, got string"],
      [(w) => codec.writeDouble(w, wrong(null), "f"), "f: expected a number, got null"],
      [(w) => codec.writeFloat(w, wrong([]), "f"), "f: expected a number, got a list"],
      [(w) => codec.writeNull(w, wrong(0), "f"), "f: expected null, got number"],
      [(w) => codec.writeBytes(w, wrong("x"), "f"), "f: expected a Uint8Array, got string"],
      [(w) => codec.writeFixed(w, wrong({}), 2, "f"), "f: expected a Uint8Array, got object"],
      [(w) => codec.writeFixed(w, new Uint8Array(3), 2, "f"), "f: expected 2 bytes, got 3"],
      [(w) => codec.writeEnum(w, ["A"], "B", "f"), "f: not a symbol of the enum"],
      [(w) => codec.openList(w, wrong({}), "f"), "f: expected a list, got object"],
      [(w) => void codec.openMap(w, wrong<Record<string, 1>>([]), "f"), "f: expected an object, got a list"],
      [(w) => codec.enterValue(w, wrong(undefined), "f"), "f: expected an object, got undefined"],
    ];
    for (const [work, message] of cases) expect(refusal(work).message).equals(`[encode_failed] ${message}`);
  });

  it("refuses records nested deeper than 100 with an error of ours", () => {
    const found = refusal((writer) => {
      for (let depth = 0; depth < 101; depth += 1) codec.enterValue(writer, {}, "self");
    });
    expect(found.reason).equals("too-deep");
  });
});
