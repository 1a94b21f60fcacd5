import type {
  ProtoEnum,
  ProtoField,
  ProtoMessage,
  ProtoRange,
  ProtoScalar,
} from "../../schema/proto/model.ts";

/** A type as the encoding knows it. */
export type WireType =
  | { readonly kind: "scalar"; readonly name: ProtoScalar }
  | { readonly kind: "enum"; readonly view: EnumView }
  | { readonly kind: "message"; readonly view: MessageView; readonly isGroup: boolean }
  /** Entries with the fields `key` and `value`. */
  | { readonly kind: "map"; readonly view: MessageView }
  /** A name that nothing explains. */
  | { readonly kind: "unknown"; readonly name: string };

export interface FieldView {
  readonly field: ProtoField;
  readonly isExtension: boolean;
  readonly cardinality: "singular" | "required" | "repeated";
  readonly type: WireType;
  /** In the form `#/Message/oneof/number`. */
  readonly path: string;
}

export interface NamedView {
  readonly fullName: string;
  /** Full name without the package. */
  readonly localName: string;
  readonly path: string;
  /** Absent where the schema's own file defines it. */
  readonly importPath?: string;
}

export interface EnumView extends NamedView {
  readonly type: ProtoEnum;
  /** Unknown numbers are kept out of the field. */
  readonly isClosed: boolean;
  readonly numbers: EnumNumbers;
}

/** The numbers of an enum; NaN at both ends where there are none. */
export interface EnumNumbers {
  readonly all: ReadonlySet<number>;
  readonly min: number;
  readonly max: number;
}

export interface MessageView extends NamedView {
  /** The same for all views of one message. */
  readonly identity: ProtoMessage | ProtoField;
  readonly fields: readonly FieldView[];
  readonly reservedRanges: readonly ProtoRange[];
  readonly extensionRanges: readonly ProtoRange[];
}

/** A field as it would stand in a text, without its options. */
export function fieldText({ label, type, name, number }: ProtoField): string {
  const typeText =
    type.kind === "map"
      ? `map<${type.key}, ${cut(type.value.name)}>`
      : `${type.kind === "group" ? "group " : ""}${cut(type.name)}`;
  return `${label === undefined ? "" : `${label} `}${typeText} ${cut(name)} = ${number}`;
}

/** Names come from schemas of others and are as long as they like. */
export function cut(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}
