import { type DescField, ScalarType } from "@bufbuild/protobuf";

/** How values of a scalar type look in TypeScript and on the wire. */
export interface ScalarForm {
  /** The runtime's functions are called `put` and `take` with this behind. */
  readonly stem: string;
  readonly wireType: 0 | 1 | 2 | 5;
  readonly type: "string" | "number" | "bigint" | "boolean" | "Uint8Array";
  /** The value that is not written, as an expression. */
  readonly zero: string;
}

const form = (
  stem: string,
  wireType: ScalarForm["wireType"],
  type: ScalarForm["type"],
  zero: string,
): ScalarForm => ({ stem, wireType, type, zero });

const forms: Readonly<Record<ScalarType, ScalarForm>> = {
  [ScalarType.DOUBLE]: form("Double", 1, "number", "0"),
  [ScalarType.FLOAT]: form("Float", 5, "number", "0"),
  [ScalarType.INT64]: form("Int64", 0, "bigint", "0n"),
  [ScalarType.UINT64]: form("Uint64", 0, "bigint", "0n"),
  [ScalarType.INT32]: form("Int32", 0, "number", "0"),
  [ScalarType.FIXED64]: form("Fixed64", 1, "bigint", "0n"),
  [ScalarType.FIXED32]: form("Fixed32", 5, "number", "0"),
  [ScalarType.BOOL]: form("Bool", 0, "boolean", "false"),
  [ScalarType.STRING]: form("Text", 2, "string", `""`),
  [ScalarType.BYTES]: form("Bytes", 2, "Uint8Array", "new Uint8Array()"),
  [ScalarType.UINT32]: form("Uint32", 0, "number", "0"),
  [ScalarType.SFIXED32]: form("Sfixed32", 5, "number", "0"),
  [ScalarType.SFIXED64]: form("Sfixed64", 1, "bigint", "0n"),
  [ScalarType.SINT32]: form("Sint32", 0, "number", "0"),
  [ScalarType.SINT64]: form("Sint64", 0, "bigint", "0n"),
};

/** The form of a scalar type; an open enum is an `int32`. */
export function scalarForm(scalar: ScalarType | undefined): ScalarForm {
  return forms[scalar ?? ScalarType.INT32];
}

/** A long number that the schema asks to have as text (`jstype = JS_STRING`). */
export function isLongText(field: DescField): boolean {
  return "longAsString" in field && field.longAsString;
}

/** The tag of a field: its number and how its value is delimited, as one number. */
export function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/** How the value of a map's key, an object's property name, becomes what the schema wants. */
export function keyText(use: (name: string) => string, key: ScalarForm, at: string): string {
  switch (key.type) {
    case "number":
      return `${use("keyNumber")}(key)`;
    case "bigint":
      return `${use("longOf")}(w, key, ${at})`;
    case "boolean":
      return `${use("keyBoolean")}(w, key, ${at})`;
    default:
      return "key";
  }
}
