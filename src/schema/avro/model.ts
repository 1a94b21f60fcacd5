import type { LongForm } from "../../core/event.ts";

/** Path of a node inside the schema's JSON text, for locating it. */
export type JsonPath = readonly (string | number)[];

export type AvroPrimitive = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

/** Logical types that Keryx gives a meaning; any other is ignored, as the specification asks. */
export type AvroLogical =
  | {
      readonly kind:
        | "date"
        | "time-millis"
        | "time-micros"
        | "timestamp-millis"
        | "timestamp-micros"
        | "timestamp-nanos";
    }
  | { readonly kind: "local-timestamp-millis" | "local-timestamp-micros" | "local-timestamp-nanos" }
  | { readonly kind: "uuid" | "duration" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number };

interface AvroNode {
  readonly path: JsonPath;
  readonly logical?: AvroLogical;
  /** Attributes that Avro itself does not define, as plain JSON. */
  readonly attributes: ReadonlyMap<string, unknown>;
}

export interface AvroScalar extends AvroNode {
  readonly kind: AvroPrimitive;
  /** A `long` whose values are no bigints: as what its field holds them. No part of the schema: `markLongs` puts it here. */
  readonly long?: LongMark;
}

/** How TypeScript holds the values of a `long`. */
export interface LongMark {
  readonly as: LongForm;
  /** Full name of the field that holds it: the record's name, a dot, the field's. */
  readonly field: string;
}

export interface AvroArray extends AvroNode {
  readonly kind: "array";
  readonly items: AvroType;
}

export interface AvroMap extends AvroNode {
  readonly kind: "map";
  readonly values: AvroType;
}

export interface AvroUnion extends AvroNode {
  readonly kind: "union";
  readonly branches: readonly AvroType[];
}

interface AvroNamed extends AvroNode {
  /** Full name, namespace included. */
  readonly name: string;
  readonly simpleName: string;
  /** Empty text: no namespace. */
  readonly namespace: string;
  /** Full names. */
  readonly aliases: readonly string[];
  readonly doc?: string;
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc?: string;
  readonly type: AvroType;
  /** Absent: the field has no default, or defaults were not asked for. */
  readonly default?: AvroDefault;
  /** True when the text gives a default, be it checked or not. */
  readonly hasDefault: boolean;
  readonly order: "ascending" | "descending" | "ignore";
  readonly path: JsonPath;
  readonly attributes: ReadonlyMap<string, unknown>;
  /** Attributes beside a reference to a named type (`{"type": "a.Money", "note": 1}`); the type itself is shared. */
  readonly referenceAttributes?: ReadonlyMap<string, unknown>;
}

/** A record; the object graph is cyclic where the schema is recursive. */
export interface AvroRecord extends AvroNamed {
  readonly kind: "record";
  readonly fields: readonly AvroField[];
}

export interface AvroEnum extends AvroNamed {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface AvroFixed extends AvroNamed {
  readonly kind: "fixed";
  readonly size: number;
}

export type AvroType = AvroScalar | AvroArray | AvroMap | AvroUnion | AvroRecord | AvroEnum | AvroFixed;
export type AvroNamedType = AvroRecord | AvroEnum | AvroFixed;

/**
 * A default value, checked against its type and exact: `long` is a bigint, bytes and fixed are bytes,
 * a union's default names its branch.
 */
export type AvroDefault =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "long"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "enum"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly AvroDefault[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, AvroDefault> }
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, AvroDefault> }
  | { readonly kind: "union"; readonly branch: number; readonly value: AvroDefault };
