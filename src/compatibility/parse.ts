import { type SchemaLimits, schemaLimits } from "../schema/limits.ts";
import { linkProto } from "../schema/proto/link.ts";
import type { RegisteredPlace } from "../schema/proto/schema.ts";
import { isRefusal, parseAvroWith } from "./avro/parse.ts";
import type { ParsedSchema } from "./parsed.ts";

/** A schema as a file or a registry holds it, with everything that it refers to. */
export interface SchemaSource {
  readonly type: "AVRO" | "PROTOBUF";
  readonly text: string;
  /** Indirect ones too, in any order. */
  readonly imports?: readonly SchemaImport[];
}

export interface SchemaImport {
  /** The import path; for Avro, the full name of the type that is referred to. */
  readonly name: string;
  readonly text: string;
  /** Where the registry keeps it. */
  readonly place?: RegisteredPlace;
}

export interface SchemaParseOptions {
  readonly limits?: SchemaLimits;
  /** Gives an import that the list lacks, by the same name; asked only for what the schema reaches. */
  readonly find?: (name: string) => SchemaImport | undefined;
  /**
   * A registry took it already, so an Avro default that does not fit its type is passed over: it must not keep a later
   * version from being judged. Default false.
   */
  readonly isReleased?: boolean;
}

/** @throws KeryxError `schema_invalid` with `details` { line, column, file? }; `missing` names an import that is not there */
export function parseSchema(source: SchemaSource, options: SchemaParseOptions = {}): ParsedSchema {
  const limits = options.limits ?? schemaLimits;
  const listed = new Map((source.imports ?? []).map((one) => [one.name, one]));
  const find = (name: string): SchemaImport | undefined => listed.get(name) ?? options.find?.(name);
  if (source.type === "PROTOBUF")
    return { type: "PROTOBUF", schema: linkProto(source, { get: find }, { limits }) };
  const { text, imports = [] } = source;
  const parse = (ignoreDefaults: boolean): ParsedSchema => ({
    type: "AVRO",
    schema: parseAvroWith(text, { listed: imports, find, limits, ignoreDefaults }),
  });
  try {
    return parse(false);
  } catch (error) {
    if (options.isReleased !== true || !isRefusal(error)) throw error;
    return parse(true);
  }
}
