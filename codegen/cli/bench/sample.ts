import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { KeryxError } from "../../../src/core/errors.ts";
import type { AvroRecord, AvroType } from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import type { EventModel } from "../../model/model.ts";

/** Types inside themselves are filled in this often. */
const maxDepth = 4;
const bytes = Buffer.from("sixteen bytes ok").toString("base64");
const uuid = "0b8f6c1e-5f0a-4d7c-9a51-3a9f7f0c2e11";
const instant = "2026-03-14T15:09:26.535Z";
const text = (name: string): string => `${name} 4711`;
const three = <T>(make: (at: number) => T): readonly T[] => [0, 1, 2].map(make);

/** A value of the event with every field filled in, as its JSON. @throws KeryxError `usage` where a schema allows none */
export function sampleJson({ source, name }: EventModel): unknown {
  const value = source.kind === "avro" ? avroRecord(source.record, 0) : message(source.message, 0);
  if (value !== undefined) return value;
  throw new KeryxError("usage", `No sample of ${name} can be made: it holds itself without an end.`, {
    help: "Pass one with `--value <file.json>`.",
  });
}

function avroRecord(record: AvroRecord, depth: number): object | undefined {
  if (depth > maxDepth) return undefined;
  const entries = record.fields.map(
    (field) => [field.name, avro(field.type, field.name, depth + 1)] as const,
  );
  // What cannot be filled in any deeper is left to its default.
  const isMissing = record.fields.some(({ hasDefault }, at) => entries[at]?.[1] === undefined && !hasDefault);
  return isMissing ? undefined : Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function avro(type: AvroType, name: string, depth: number): unknown {
  switch (type.kind) {
    case "record":
      return avroRecord(type, depth);
    case "array":
      return three(() => avro(type.items, name, depth)).filter((item) => item !== undefined);
    case "map": {
      const entries = three((at) => [`${name} ${at}`, avro(type.values, name, depth)] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    }
    case "union": {
      const shape = unionShape(type);
      for (const [at, branch] of type.branches.entries()) {
        const value = branch.kind === "null" ? undefined : avro(branch, name, depth);
        if (value !== undefined) return shape.kind === "tagged" ? { kind: shape.kinds[at], value } : value;
      }
      return type.branches.some(({ kind }) => kind === "null") ? null : undefined;
    }
    case "enum":
      return type.symbols.find((symbol) => symbol !== type.default) ?? type.default;
    default:
      return avroScalar(type, name);
  }
}

function avroScalar(type: AvroType, name: string): unknown {
  switch (type.logical?.kind) {
    case "date":
      return instant.slice(0, 10);
    case "timestamp-millis":
    case "local-timestamp-millis":
      return instant;
    case "uuid":
      return uuid;
    case "decimal":
      return `7.${"0".repeat(type.logical.scale)}`.replace(/\.$/, "");
    case "duration":
      return { months: 1, days: 2, milliseconds: 3 };
  }
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return true;
    case "int":
      return 4_711;
    case "long":
      return 1_773_500_966_535;
    case "float":
    case "double":
      return 12.5;
    case "bytes":
      return bytes;
    case "fixed":
      return Buffer.alloc(type.size, 7).toString("base64");
    default:
      return text(name);
  }
}

/** Values of Google's own types, as JSON has them. */
const wellKnown: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["Timestamp", instant],
  ["Duration", "1.5s"],
  ["Empty", {}],
  ["FieldMask", "a"],
  ["Struct", { a: 1 }],
  ["ListValue", [1]],
  ["Value", "a"],
  ["StringValue", "text 4711"],
  ["BytesValue", bytes],
  ["BoolValue", true],
  ...["Int32Value", "UInt32Value", "DoubleValue", "FloatValue"].map((name) => [name, 12] as const),
  ...["Int64Value", "UInt64Value"].map((name) => [name, "1773500966535"] as const),
]);

function message(desc: DescMessage, depth: number): unknown {
  if (desc.typeName.startsWith("google.protobuf."))
    return wellKnown.get(desc.typeName.slice("google.protobuf.".length));
  if (depth > maxDepth) return undefined;
  const isFirst = (field: DescField): boolean => field.oneof === undefined || field.oneof.fields[0] === field;
  const entries = desc.fields
    .filter(isFirst)
    .map((field) => [field.jsonName, protobufField(field, depth + 1)] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

function protobufField(field: DescField, depth: number): unknown {
  const one = (): unknown => {
    if (field.message !== undefined) return message(field.message, depth);
    if (field.enum !== undefined) return (field.enum.values[1] ?? field.enum.values[0])?.name;
    return scalar(field.scalar, field.name);
  };
  if (field.fieldKind === "list") return three(one).filter((item) => item !== undefined);
  if (field.fieldKind !== "map") return one();
  const isText = field.mapKey === ScalarType.STRING;
  const isBool = field.mapKey === ScalarType.BOOL;
  const key = (at: number): string =>
    isText ? `${field.name} ${at}` : isBool ? String(at === 0) : String(at);
  const entries = three((at) => [key(at), one()] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function scalar(type: ScalarType | undefined, name: string): unknown {
  switch (type) {
    case ScalarType.STRING:
      return text(name);
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 12.5;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "1773500966535";
    default:
      return 4_711;
  }
}
