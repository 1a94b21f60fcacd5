import { longMark } from "../../../src/schema/avro/longs.ts";
import type { AvroDefault, AvroType } from "../../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../../src/schema/avro/shape.ts";
import { type FileScope, runtime } from "../file-scope.ts";
import { enclose, keyLiteral, literal, stringLiteral } from "../literal.ts";

/** A default value as an expression of the generated type; evaluated anew for each value that needs it. */
export function defaultText(scope: FileScope, type: AvroType, value: AvroDefault): string {
  switch (value.kind) {
    case "null":
      return "null";
    case "boolean":
    case "enum":
      return literal(value.value);
    case "number":
      return type.logical?.kind === "date"
        ? `${scope.value(runtime, "dateOf")}(${value.value})`
        : literal(value.value);
    case "long":
      return isTimestamp(type) ? `new Date(${Number(value.value)})` : longText(type, value.value);
    case "string":
      return type.logical?.kind === "uuid"
        ? `${scope.value(runtime, "uuid")}(${literal(value.value)})`
        : literal(value.value);
    case "bytes":
      return bytesText(scope, type, value.value);
    case "array": {
      const items = type.kind === "array" ? type.items : type;
      return enclose(
        "[",
        value.items.map((item) => defaultText(scope, items, item)),
        "]",
      );
    }
    case "map":
      return mapText(scope, type, value.entries);
    case "record":
      return recordText(scope, type, value.fields);
    case "union":
      return unionText(scope, type, value);
  }
}

function longText(type: AvroType, value: bigint): string {
  const mark = longMark(type);
  if (mark === undefined) return literal(value);
  return literal(mark.as === "NUMBER" ? Number(value) : String(value));
}

function isTimestamp(type: AvroType): boolean {
  return type.logical?.kind === "timestamp-millis" || type.logical?.kind === "local-timestamp-millis";
}

function bytesText(scope: FileScope, type: AvroType, bytes: Uint8Array): string {
  const { logical } = type;
  switch (logical?.kind) {
    case "decimal": {
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const unscaled = hex === "" ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
      return literal({ unscaled, scale: logical.scale });
    }
    case "duration": {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const [months, days, milliseconds] = [0, 4, 8].map((at) => view.getUint32(at, true));
      return literal({ months, days, milliseconds });
    }
    case "uuid": {
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
      return `${scope.value(runtime, "uuid")}(${literal(text)})`;
    }
    default:
      return literal(bytes);
  }
}

function mapText(scope: FileScope, type: AvroType, entries: ReadonlyMap<string, AvroDefault>): string {
  const values = type.kind === "map" ? type.values : type;
  if (entries.size === 0) return "{}";
  const pairs = [...entries].map(
    ([key, item]) => `[${stringLiteral(key)}, ${defaultText(scope, values, item)}]`,
  );
  return `${scope.value(runtime, "mapOf")}(${enclose("[", pairs, "]")})`;
}

function recordText(scope: FileScope, type: AvroType, fields: ReadonlyMap<string, AvroDefault>): string {
  if (type.kind !== "record") return "{}";
  const members = type.fields.map((field) => {
    const value = fields.get(field.name) ?? field.default;
    if (value === undefined) throw new Error("a record's default lacks a field");
    return `${keyLiteral(propertyName(field.name))}: ${defaultText(scope, field.type, value)}`;
  });
  return enclose("{", members, "}");
}

function unionText(scope: FileScope, type: AvroType, value: AvroDefault & { kind: "union" }): string {
  const branch = type.kind === "union" ? type.branches[value.branch] : undefined;
  if (type.kind !== "union" || branch === undefined)
    throw new Error("a union's default names no branch of it");
  const text = defaultText(scope, branch, value.value);
  const shape = unionShape(type);
  if (shape.kind !== "tagged" || branch.kind === "null") return text;
  return `{ kind: ${stringLiteral(shape.kinds[value.branch] ?? "")}, value: ${text} }`;
}
