import fc from "fast-check";
import { type Field, isPresent, type Type } from "../../src/embedded/broker/wire/schema.ts";
import type { Loose } from "./embedded-wire.ts";

// Beyond these the broker's numbers are no longer exact; it hands out none that large.
const int64 = fc.maxSafeInteger();
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const someBytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));

function arbitraryOf(type: Type, version: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "int8":
      return fc.integer({ min: -128, max: 127 });
    case "int16":
      return fc.integer({ min: -32_768, max: 32_767 });
    case "int32":
      return fc.integer();
    case "int64":
      return int64;
    case "bool":
      return fc.boolean();
    case "string":
      return text;
    case "nullableString":
      return fc.option(text);
    case "bytes":
      return someBytes;
    case "records":
      return fc.option(someBytes.map((bytes) => [bytes]));
    case "array": {
      const all = fc.array(arbitraryOf(type.of, version), { maxLength: 3 });
      return type.isNullable ? fc.option(all) : all;
    }
    case "struct":
      return rowOf(type.fields, version);
  }
}

/** Random values for a description of bytes; what a version does not have is at its default. */
export function rowOf(fields: readonly Field[], version: number): fc.Arbitrary<Loose> {
  return fc.record(
    Object.fromEntries(
      fields.map((one) => [
        one.name,
        isPresent(one, version) ? arbitraryOf(one.type, version) : fc.constant(one.absent),
      ]),
    ),
  );
}
