import { parseSchema, type SchemaImport } from "../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import type { AvroNamedType, AvroRecord } from "../../src/schema/avro/model.ts";
import type { TextSpan } from "../../src/schema/text-span.ts";
import type { EventModel } from "../model/model.ts";
import { createLocatorCache } from "./locate/cache.ts";
import type { Locator } from "./locate/locator.ts";
import type { CheckRequest } from "./request.ts";

/** A place in a schema file of the project; the wire schema's own places are others, since our options are cut out there. */
export interface SourcePlace {
  /** Below the schema root. */
  readonly file: string;
  readonly text: string;
  readonly span: TextSpan;
  /** False where the file has nothing at the path: then this is the nearest thing around it. */
  readonly isExact: boolean;
}

/** Finds what the path of a difference means in the files that people edit. */
export interface SourcePlaces {
  /**
   * The difference's own place, else the nearest thing around it; undefined when the file has nothing of it.
   * @param reader what the path was made in, where that is not the present schema
   */
  ofEvent(event: EventModel, path: string, reader?: ParsedSchema): SourcePlace | undefined;
  /** The same for a file that events import. */
  ofFile(file: string, path: string): SourcePlace | undefined;
}

export function createSourcePlaces({ model, inputs }: Pick<CheckRequest, "model" | "inputs">): SourcePlaces {
  const find = (name: string): SchemaImport | undefined => {
    const text = inputs.get(name);
    return text === undefined ? undefined : { name, text };
  };
  const files = new Map<string, ParsedSchema | undefined>();
  const parse = (file: string): ParsedSchema | undefined => {
    if (!files.has(file)) files.set(file, parseFile(inputs.get(file), find));
    return files.get(file);
  };
  const typesOf = byFile(model.avroTypes);
  const records = new Map<AvroRecord, ParsedSchema>();
  const avroOf = (record: AvroRecord, file: string): ParsedSchema => {
    const schema = { type: record, named: typesOf.get(file) ?? new Map<string, AvroNamedType>() };
    const found = records.get(record) ?? { type: "AVRO", schema };
    records.set(record, found);
    return found;
  };

  const locatorOf = createLocatorCache();
  const inFile = (
    file: string,
    schema: ParsedSchema | undefined,
    path: string,
    how: keyof Locator,
    reader?: ParsedSchema,
  ) => {
    const text = inputs.get(file);
    if (schema === undefined || text === undefined) return undefined;
    const locator = locatorOf(schema, text, reader);
    const exact = locator.exact(path);
    const span = exact ?? (how === "nearest" ? locator.nearest(path) : undefined);
    return span === undefined ? undefined : { file, text, span, isExact: exact !== undefined };
  };
  const inProto = (file: string, path: string): SourcePlace | undefined => {
    const schema = parse(file);
    const reached = schema?.type === "PROTOBUF" ? [...schema.schema.imports.keys()] : [];
    for (const one of [file, ...reached.filter((name) => inputs.has(name))]) {
      const found = inFile(one, parse(one), path, "exact");
      if (found !== undefined) return found;
    }
    return inFile(file, schema, path, "nearest");
  };
  return {
    ofFile: inProto,
    ofEvent(event, path, reader) {
      const { source, at } = event;
      if (source.kind === "protobuf") return inProto(at.file, path);
      return inFile(at.file, avroOf(source.record, at.file), path, "nearest", reader);
    },
  };
}

/** Undefined when it cannot be parsed here; then the event's own place has to do. */
function parseFile(
  text: string | undefined,
  find: (name: string) => SchemaImport | undefined,
): ParsedSchema | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSchema({ type: "PROTOBUF", text }, { find });
  } catch {
    return undefined;
  }
}

function byFile(types: CheckRequest["model"]["avroTypes"]): ReadonlyMap<string, Map<string, AvroNamedType>> {
  const files = new Map<string, Map<string, AvroNamedType>>();
  for (const { type, at } of types) {
    const named = files.get(at.file) ?? new Map<string, AvroNamedType>();
    files.set(at.file, named.set(type.name, type));
  }
  return files;
}
