import { KeryxError } from "../../core/errors.ts";
import { inFile, limitFault, quote, type SchemaLimits, schemaError, schemaLimits } from "../limits.ts";
import { isDescriptorText, parseDescriptor } from "./descriptor.ts";
import type { ProtoFile } from "./model.ts";
import { createExtensionIndex } from "./option-shapes.ts";
import { createResolver } from "./resolve.ts";
import type { ImportedProto, ProtoSchema, RegisteredPlace } from "./schema.ts";
import { parseProtoSource } from "./source.ts";
import { wellKnownProto } from "./well-known.ts";

/** One file as a registry or a project holds it. */
export interface ProtoSource {
  /** The text of a .proto file, or its FileDescriptorProto in base64: told apart by content. */
  readonly text: string;
  readonly place?: RegisteredPlace;
}

/**
 * Parses a .proto file and every file that it reaches, and makes their type names findable. Well-known imports
 * (`google/protobuf/*`, `google/type/*`, `confluent/*`) need not be given; a given one goes before.
 * @param imports by import path, in any order; those that nothing reaches are not read
 * @throws KeryxError `schema_invalid` with `details` { line, column, file? }; `missing` names an import that is not there
 */
export function linkProto(
  source: ProtoSource,
  imports: Pick<ReadonlyMap<string, ProtoSource>, "get">,
  options: { readonly limits?: SchemaLimits } = {},
): ProtoSchema {
  const limits = options.limits ?? schemaLimits;
  const file = parseProtoSource(source.text, limits);
  const found = new Map<string, ImportedProto>();
  let given = 0;
  const open: { readonly path?: string; readonly file: ProtoFile }[] = [{ file }];
  for (const importer of open) {
    for (const { path, modifier, at } of importer.file.imports) {
      if (found.has(path)) continue;
      const fail = (message: string, details: object): KeryxError =>
        inFile(importer.path, schemaError(message, at, [], { ...details }));
      const one = imports.get(path);
      const imported = one === undefined ? wellKnownProto(path) : parseImport(path, one, limits);
      if (imported === undefined) {
        // An `import option` brings options only, of which no rule reads a type.
        if (modifier === "option") continue;
        throw fail(`${quote(path)} is imported, but not there.`, { missing: path });
      }
      if (one !== undefined && ++given > limits.references)
        throw fail(`More than ${limits.references} files are imported.`, limitFault);
      found.set(path, imported);
      open.push({ path, file: imported.file });
    }
  }
  const schema = { file, imports: found, resolve: createResolver(file, found) };
  return isDescriptorText(source.text) ? withCustomOptions(source.text, schema, limits) : schema;
}

/** A descriptor says what its custom options are called only once the extensions are at hand. */
function withCustomOptions(text: string, schema: ProtoSchema, limits: SchemaLimits): ProtoSchema {
  const findExtension = createExtensionIndex(schema);
  const file = parseDescriptor(text, { limits, findExtension });
  return { ...schema, file, resolve: createResolver(file, schema.imports) };
}

function parseImport(path: string, source: ProtoSource, limits: SchemaLimits): ImportedProto {
  try {
    const file = parseProtoSource(source.text, limits);
    return { file, ...(source.place === undefined ? {} : { place: source.place }) };
  } catch (error) {
    throw error instanceof KeryxError ? inFile(path, error) : error;
  }
}
