import { daysOf } from "../codec/logical.ts";
import { asBuffer } from "../core/record.ts";
import type { AvroField, AvroRecord, AvroType, AvroUnion } from "../schema/avro/model.ts";
import { propertyName, unionShape } from "../schema/avro/shape.ts";
import {
  type DurationParts,
  decimalText,
  durationBytes,
  unscaledBytes,
  uuidBytes,
} from "./avro-json-bytes.ts";

/** How Avro values are written in JSON: as one would by hand, or as Avro's specification has it. */
export type AvroJsonStyle = "plain" | "avro";

/** Writes a value that its binary codec has found right: nothing is checked again. */
export type JsonWrite = (value: never) => string;

interface Writing {
  readonly style: AvroJsonStyle;
  /** Writes of records, which end the recursion of recursive schemas. */
  readonly records: Map<AvroType, JsonWrite>;
}

/** Puts the writer of a type together, once. */
export function jsonWriter(type: AvroType, style: AvroJsonStyle): (value: unknown) => string {
  return writerOf({ style, records: new Map() }, type) as (value: unknown) => string;
}

function writerOf(writing: Writing, type: AvroType): JsonWrite {
  switch (type.kind) {
    case "record":
      return recordOnce(writing, type);
    case "array": {
      const item = writerOf(writing, type.items);
      return (list: readonly never[]) => `[${list.map(item).join()}]`;
    }
    case "map": {
      const item = writerOf(writing, type.values);
      return (map: Readonly<Record<string, never>>) =>
        `{${Object.entries(map).map(([key, value]) => `${quote(key)}:${item(value)}`)}}`;
    }
    case "union":
      return unionWriter(writing, type);
    default:
      return writing.style === "plain" ? plainWriter(type) : avroWriter(type);
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** Put together when a value first reaches it: then a record that holds itself finds its own writer. */
function recordOnce(writing: Writing, record: AvroRecord): JsonWrite {
  const known = writing.records.get(record);
  if (known !== undefined) return known;
  let fields: readonly (readonly [head: string, property: string, write: JsonWrite])[] | undefined;
  const toEntry = (field: AvroField, at: number) =>
    [
      `${at === 0 ? "" : ","}${quote(field.name)}:`,
      propertyName(field.name),
      writerOf(writing, field.type),
    ] as const;
  const write = (value: Readonly<Record<string, never>>): string => {
    fields ??= record.fields.map(toEntry);
    let text = "{";
    for (const [head, property, inner] of fields) text += head + inner(value[property] as never);
    return `${text}}`;
  };
  writing.records.set(record, write as JsonWrite);
  return write as JsonWrite;
}

function unionWriter(writing: Writing, union: AvroUnion): JsonWrite {
  const shape = unionShape(union);
  const branches = union.branches.map((branch, index) => {
    const write = writerOf(writing, branch);
    if (branch.kind === "null") return write;
    if (writing.style === "avro")
      return ((value: never) => `{${quote(tagOf(branch))}:${write(value)}}`) as JsonWrite;
    if (shape.kind !== "tagged") return write;
    const head = `{"kind":${quote(shape.kinds[index] ?? "")},"value":`;
    return ((value: never) => `${head}${write(value)}}`) as JsonWrite;
  });
  const at = (index: number, value: unknown): string => branches[index]?.(value as never) ?? "null";
  if (shape.kind === "nullable")
    return (value: unknown) => (value === null ? "null" : at(shape.branch, value));
  if (shape.kind === "single") return (value: unknown) => at(0, value);
  const positions = new Map(shape.kinds.map((kind, index) => [kind, index]));
  return (value: { readonly kind: string; readonly value: unknown } | null) =>
    value === null ? "null" : at(positions.get(value.kind) ?? -1, value.value);
}

/** How Avro's own encoding names a branch. */
export function tagOf(type: AvroType): string {
  return "name" in type ? type.name : type.kind;
}

function plainWriter(type: AvroType): JsonWrite {
  const { logical } = type;
  switch (logical?.kind) {
    case "timestamp-millis":
    case "local-timestamp-millis":
      return (value: Date) => quote(value.toISOString());
    case "decimal":
      return (value: { unscaled: bigint }) => quote(decimalText(value.unscaled, logical.scale));
    case "duration":
      return ({ months, days, milliseconds }: DurationParts) =>
        JSON.stringify({ months, days, milliseconds });
    case "date":
    case "uuid":
      return quote as JsonWrite;
    default:
      if (type.kind === "bytes" || type.kind === "fixed")
        return (value: Uint8Array) => quote(asBuffer(value).toString("base64"));
      return scalarWriter(type);
  }
}

function avroWriter(type: AvroType): JsonWrite {
  const bytes = (toBytes: (value: never) => Uint8Array): JsonWrite =>
    ((value: never) => quote(asBuffer(toBytes(value)).toString("latin1"))) as JsonWrite;
  const { logical } = type;
  switch (logical?.kind) {
    case "date":
      return (value: string) => String(daysOf(value));
    case "timestamp-millis":
    case "local-timestamp-millis":
      return (value: Date) => String(value.getTime());
    case "decimal":
      return bytes(({ unscaled }: { unscaled: bigint }) =>
        unscaledBytes(unscaled, type.kind === "fixed" ? type.size : undefined),
      );
    case "duration":
      return bytes(durationBytes as (value: never) => Uint8Array);
    case "uuid":
      return type.kind === "fixed" ? bytes(uuidBytes as (value: never) => Uint8Array) : (quote as JsonWrite);
    default:
      return type.kind === "bytes" || type.kind === "fixed"
        ? bytes((value: Uint8Array) => value)
        : scalarWriter(type);
  }
}

function scalarWriter(type: AvroType): JsonWrite {
  switch (type.kind) {
    case "string":
    case "enum":
      return quote as JsonWrite;
    case "float":
      return (value: number) => numberText(Math.fround(value));
    case "double":
      return numberText as JsonWrite;
    default:
      return String as JsonWrite;
  }
}

/** JSON has no words for these three, nor does `String` keep the sign of a zero. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return quote(String(value));
  return Object.is(value, -0) ? "-0" : String(value);
}
