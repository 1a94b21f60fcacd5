import {
  createWriter,
  finishWriting,
  type Writer,
  writeBoolean,
  writeBytes,
  writeDouble,
  writeEnum,
  writeFixed,
  writeFloat,
  writeIndex,
  writeInt,
  writeLong,
  writeString,
} from "../codec/writer.ts";
import { KeryxError } from "../core/errors.ts";
import type { AvroDefault, AvroType } from "../schema/avro/model.ts";

/** The bytes that a default value has on the wire. */
export function encodeDefault(type: AvroType, value: AvroDefault): Uint8Array {
  const writer = createWriter(0);
  write(writer, type, value);
  return finishWriting(writer);
}

// Paths of values are for refusals, and a checked default is never refused.
const nowhere = "";

function write(writer: Writer, type: AvroType, value: AvroDefault): void {
  if (value.kind === "null") return;
  if (value.kind === "boolean") writeBoolean(writer, value.value, nowhere);
  else if (value.kind === "number") numberWriter(type)(writer, value.value, nowhere);
  else if (value.kind === "long") writeLong(writer, value.value, nowhere);
  else if (value.kind === "string") writeString(writer, value.value, nowhere);
  else if (value.kind === "bytes")
    if (type.kind === "fixed") writeFixed(writer, value.value, type.size, nowhere);
    else writeBytes(writer, value.value, nowhere);
  else if (value.kind === "enum" && type.kind === "enum")
    writeEnum(writer, type.symbols, value.value, nowhere);
  else if (value.kind === "array" && type.kind === "array")
    writeItems(writer, value.items, (item) => write(writer, type.items, item));
  else if (value.kind === "map" && type.kind === "map")
    writeItems(writer, [...value.entries], ([key, item]) => {
      writeString(writer, key, nowhere);
      write(writer, type.values, item);
    });
  else if (value.kind === "record" && type.kind === "record") writeRecord(writer, type, value.fields);
  else if (value.kind === "union" && type.kind === "union") {
    const branch = type.branches[value.branch];
    writeIndex(writer, value.branch);
    if (branch !== undefined) write(writer, branch, value.value);
  } else throw new KeryxError("internal", `a default of kind ${value.kind} stands for a ${type.kind}`);
}

function numberWriter(type: AvroType): typeof writeDouble {
  if (type.kind === "int") return writeInt;
  return type.kind === "float" ? writeFloat : writeDouble;
}

function writeItems<T>(writer: Writer, items: readonly T[], each: (item: T) => void): void {
  if (items.length > 0) {
    writeIndex(writer, items.length);
    for (const item of items) each(item);
  }
  writeIndex(writer, 0);
}

function writeRecord(
  writer: Writer,
  type: AvroType & { kind: "record" },
  fields: ReadonlyMap<string, AvroDefault>,
): void {
  for (const field of type.fields) {
    const value = fields.get(field.name);
    if (value !== undefined) write(writer, field.type, value);
  }
}
