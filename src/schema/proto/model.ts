import type { TextSpan } from "../text-span.ts";

/** The parsed form of one .proto text: complete, in source order, names as written unless they say `fullName`. */
export interface ProtoFile {
  readonly syntax: "proto2" | "proto3" | "editions";
  /** With syntax `editions`: for example `2023`. */
  readonly edition?: string;
  /** Empty text: no package. */
  readonly package: string;
  readonly imports: readonly ProtoImport[];
  readonly options: readonly ProtoOption[];
  readonly messages: readonly ProtoMessage[];
  readonly enums: readonly ProtoEnum[];
  readonly extends: readonly ProtoExtend[];
  /** Nothing of a service reaches a topic; they are there to be printed again. */
  readonly services: readonly ProtoService[];
}

export interface ProtoService {
  readonly name: string;
  readonly methods: readonly ProtoMethod[];
  readonly options: readonly ProtoOption[];
  readonly at: TextSpan;
}

export interface ProtoMethod {
  readonly name: string;
  readonly input: ProtoMethodType;
  readonly output: ProtoMethodType;
  readonly options: readonly ProtoOption[];
}

export interface ProtoMethodType {
  /** As written. */
  readonly name: string;
  readonly isStream: boolean;
}

export interface ProtoImport {
  readonly path: string;
  readonly modifier?: "public" | "weak" | "option";
  readonly at: TextSpan;
}

export interface ProtoMessage {
  readonly name: string;
  /** Package and enclosing messages included, without a leading dot. */
  readonly fullName: string;
  /** In source order; those of a oneof carry its name. */
  readonly fields: readonly ProtoField[];
  readonly oneofs: readonly ProtoOneof[];
  /** Nested messages, those that groups define included, in source order. */
  readonly messages: readonly ProtoMessage[];
  readonly enums: readonly ProtoEnum[];
  readonly extends: readonly ProtoExtend[];
  readonly extensionRanges: readonly ProtoRange[];
  readonly reservedRanges: readonly ProtoRange[];
  readonly reservedNames: readonly string[];
  readonly options: readonly ProtoOption[];
  readonly visibility?: "export" | "local";
  readonly at: TextSpan;
}

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly label?: "optional" | "required" | "repeated";
  readonly type: ProtoType;
  readonly oneof?: string;
  readonly options: readonly ProtoOption[];
  readonly at: TextSpan;
}

export type ProtoScalar =
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "sint64"
  | "fixed32"
  | "fixed64"
  | "sfixed32"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes";

/** `named` is a message or an enum, as written: relative, or complete with a leading dot. */
export type ProtoSimpleType =
  | { readonly kind: "scalar"; readonly name: ProtoScalar }
  | { readonly kind: "named"; readonly name: string };

export type ProtoType =
  | ProtoSimpleType
  | { readonly kind: "map"; readonly key: ProtoScalar; readonly value: ProtoSimpleType }
  /** The message of that simple name is nested in the message that holds the group. */
  | { readonly kind: "group"; readonly name: string };

export interface ProtoOneof {
  readonly name: string;
  readonly options: readonly ProtoOption[];
  readonly at: TextSpan;
}

export interface ProtoEnum {
  readonly name: string;
  readonly fullName: string;
  readonly values: readonly ProtoEnumValue[];
  readonly reservedRanges: readonly ProtoRange[];
  readonly reservedNames: readonly string[];
  readonly options: readonly ProtoOption[];
  readonly visibility?: "export" | "local";
  readonly at: TextSpan;
}

export interface ProtoEnumValue {
  readonly name: string;
  readonly number: number;
  readonly options: readonly ProtoOption[];
  readonly at: TextSpan;
}

export interface ProtoExtend {
  /** The extended message, as written. */
  readonly extendee: string;
  readonly fields: readonly ProtoField[];
  readonly at: TextSpan;
}

/** Both ends belong to it; `max` is written out: 536,870,911 for fields, 2,147,483,647 for enums. */
export interface ProtoRange {
  readonly from: number;
  readonly to: number;
  readonly options: readonly ProtoOption[];
}

/** `(a.b).c = …` has the parts `a.b` (an extension) and `c`. Parts are data: never use them as keys of an object. */
export interface ProtoOption {
  readonly name: readonly { readonly name: string; readonly isExtension: boolean }[];
  readonly value: ProtoValue;
  readonly at: TextSpan;
}

/** The value of an option. Numbers keep their text, sign included; strings are bytes, escapes resolved. */
export type ProtoValue =
  | { readonly kind: "identifier"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "string"; readonly bytes: Uint8Array }
  | { readonly kind: "list"; readonly items: readonly ProtoValue[] }
  | { readonly kind: "message"; readonly fields: readonly ProtoValueField[] };

export interface ProtoValueField {
  /** A field, an extension `[a.b]`, or the type of an Any `[host/a.b]`. */
  readonly name: string;
  readonly isExtension: boolean;
  readonly value: ProtoValue;
}
