import { KeryxError } from "../core/errors.ts";
import { type AvroSchema, parseAvro } from "../schema/avro.ts";
import type { AvroNamedType } from "../schema/avro-model.ts";
import { inFile, type SchemaLimits, schemaLimits } from "../schema/limits.ts";
import { linkProto } from "../schema/proto-link.ts";
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
  const parse = (ignoreDefaults: boolean): ParsedSchema => {
    const rest = [...listed.values()];
    return { type: "AVRO", schema: parseAvroWith(source.text, { find, rest, limits, ignoreDefaults }) };
  };
  try {
    return parse(false);
  } catch (error) {
    if (options.isReleased !== true || !isRefusal(error)) throw error;
    return parse(true);
  }
}

interface AvroReading {
  readonly find: (name: string) => SchemaImport | undefined;
  /** Tried in turn for a name that no import has: one text may define several types. */
  readonly rest: readonly SchemaImport[];
  readonly limits: SchemaLimits;
  readonly ignoreDefaults: boolean;
}

/** Reads an import when its name turns up: then the order in which they are given is of no account. */
function parseAvroWith(text: string, { find, rest, limits, ignoreDefaults }: AvroReading): AvroSchema {
  const named = new Map<string, AvroNamedType>();
  const seen = new Set<SchemaImport>();
  const names = new Set<string>();
  const next = (missing: string): SchemaImport | undefined => {
    const own = names.has(missing) ? undefined : find(missing);
    names.add(missing);
    return own !== undefined && !seen.has(own) ? own : rest.find((one) => !seen.has(one));
  };
  const parse = (from: string): AvroSchema => {
    for (;;) {
      try {
        return parseAvro(from, { named, limits, ignoreDefaults, asRegistered: true });
      } catch (error) {
        const missing = isRefusal(error) ? error.details["missing"] : undefined;
        const isWanted = typeof missing === "string" && seen.size < limits.references;
        const one = isWanted ? next(missing) : undefined;
        if (one === undefined) throw error;
        seen.add(one);
        for (const [name, type] of parseImport(one, parse).named) named.set(name, type);
      }
    }
  };
  return parse(text);
}

function parseImport({ name, text }: SchemaImport, parse: (text: string) => AvroSchema): AvroSchema {
  try {
    return parse(text);
  } catch (error) {
    throw isRefusal(error) && error.details["file"] === undefined ? inFile(name, error) : error;
  }
}

function isRefusal(error: unknown): error is KeryxError {
  return error instanceof KeryxError && error.code === "schema_invalid";
}
