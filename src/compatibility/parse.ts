import { type AvroSchema, parseAvro } from "../schema/avro.ts";
import type { AvroNamedType } from "../schema/avro-model.ts";
import { type SchemaLimits, schemaLimits } from "../schema/limits.ts";
import { linkProto, type ProtoSource } from "../schema/proto-link.ts";
import type { RegisteredPlace } from "../schema/proto-schema.ts";
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

/** @throws KeryxError `schema_invalid` with `details` { line, column, file? } */
export function parseSchema(
  source: SchemaSource,
  options: { readonly limits?: SchemaLimits } = {},
): ParsedSchema {
  const limits = options.limits ?? schemaLimits;
  const imports = source.imports ?? [];
  if (source.type === "AVRO") return { type: "AVRO", schema: parseAvroWith(source.text, imports, limits) };
  const byPath = new Map<string, ProtoSource>(imports.map((one) => [one.name, one]));
  return { type: "PROTOBUF", schema: linkProto(source, byPath, { limits }) };
}

function parseAvroWith(text: string, imports: readonly SchemaImport[], limits: SchemaLimits): AvroSchema {
  const named = new Map<string, AvroNamedType>();
  for (const one of imports)
    for (const [name, type] of parseAvro(one.text, { named, limits }).named) named.set(name, type);
  return parseAvro(text, { named, limits });
}
