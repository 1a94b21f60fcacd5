import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  StringValueSchema,
  type Struct,
  StructSchema,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { messageCodec } from "../../../src/runtime/message.ts";
import { millisecondsOf, timestampMs } from "../../../src/runtime/time.ts";

const text = messageCodec("google.protobuf.StringValue", {
  create: (init: { value?: string }) => create(StringValueSchema, init),
  toBinary: (value) => toBinary(StringValueSchema, value),
  fromBinary: (bytes) => fromBinary(StringValueSchema, bytes),
});
const time = messageCodec("google.protobuf.Timestamp", {
  create: (init: { seconds?: bigint; nanos?: number }) => create(TimestampSchema, init),
  toBinary: (value) => toBinary(TimestampSchema, value),
  fromBinary: (bytes) => fromBinary(TimestampSchema, bytes),
});
const struct = messageCodec("google.protobuf.Struct", {
  create: (init: Record<string, never>) => create(StructSchema, init),
  toBinary: (value) => toBinary(StructSchema, value),
  fromBinary: (bytes) => fromBinary(StructSchema, bytes),
});

function thrown(work: () => unknown): KeryxError {
  try {
    work();
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A message nested so deep: a Struct in a Value in a Struct … */
function nested(depth: number): Struct {
  let value = create(ValueSchema, { kind: { case: "nullValue", value: 0 } });
  for (let level = 2; level < depth; level += 2)
    value = create(ValueSchema, {
      kind: { case: "structValue", value: create(StructSchema, { fields: { a: value } }) },
    });
  return create(StructSchema, { fields: { a: value } });
}

describe("codecs of protobuf-es messages", () => {
  it("leave room in front and read back what they wrote", () => {
    const bytes = text.encode(text.create({ value: "żółw" }), 6);
    expect([...bytes.subarray(0, 6)]).deep.equals([0, 0, 0, 0, 0, 0]);
    expect(text.decode(bytes.subarray(6)).value).equals("żółw");
    expect(text.encode(text.create({}), 0)).has.length(0);
  });

  it("refuse a lone surrogate, which the library would replace", () => {
    const error = thrown(() => text.encode(text.create({ value: "\ud800" }), 0));
    expect(error.code).equals("encode_failed");
    expect(error.message).contains("google.protobuf.StringValue.value");
    expect(error.details["reason"]).equals("invalid-text");
  });

  it("take messages nested 100 deep and refuse deeper ones and cycles, on the way out too", () => {
    const fits = struct.encode(nested(100), 0);
    expect(struct.decode(fits).$typeName).equals("google.protobuf.Struct");
    expect(thrown(() => struct.encode(nested(104), 0)).details["reason"]).equals("too-deep");
    const cycle = create(StructSchema);
    cycle.fields["a"] = create(ValueSchema, { kind: { case: "structValue", value: cycle } });
    expect(thrown(() => struct.encode(cycle, 0)).details["reason"]).equals("too-deep");
    const list: unknown[] = [];
    list.push(list);
    const inList = { $typeName: "google.protobuf.Struct", fields: { a: list } };
    expect(thrown(() => struct.encode(inList as unknown as Struct, 0)).details["reason"]).equals("too-deep");
    const deep = toBinary(StructSchema, nested(300));
    expect(thrown(() => struct.decode(deep)).details["reason"]).equals("too-deep");
  });

  it("name the field of a value that does not fit, and not the value", () => {
    const error = thrown(() => time.encode(time.create({ nanos: 98_765_432_109 }), 0));
    expect(error.message).contains("google.protobuf.Timestamp.nanos").and.not.contains("98765432109");
    expect(error.cause).equals(undefined);
  });

  it("tell malformed bytes from invalid text", () => {
    expect(thrown(() => text.decode(Uint8Array.of(0x0a, 0x05, 0x41))).details["reason"]).equals("malformed");
    expect(thrown(() => text.decode(Uint8Array.of(0x0a, 0x01, 0xff))).details["reason"]).equals(
      "invalid-text",
    );
    expect(thrown(() => text.decode(Uint8Array.of(0xff))).code).equals("decode_failed");
  });
});

describe("event times", () => {
  it("become epoch milliseconds, rounded towards the past, or stay unset", () => {
    expect(timestampMs({ seconds: 2n, nanos: 999_999_999 })).equals(2_999);
    expect(timestampMs({ seconds: -1n, nanos: 500_000_000 })).equals(-500);
    expect(timestampMs(undefined)).equals(undefined);
    expect(millisecondsOf(1_999n, 1_000n)).equals(1);
    expect(millisecondsOf(-1n, 1_000n)).equals(-1);
    expect(millisecondsOf(-1_000n, 1_000n)).equals(-1);
    expect(millisecondsOf(null, 1_000n)).equals(undefined);
  });
});
