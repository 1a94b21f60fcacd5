import type { Dialect } from "../../../compatibility/dialects.ts";
import { parseSchema, type SchemaImport } from "../../../compatibility/parse.ts";
import type { ParsedSchema } from "../../../compatibility/parsed.ts";
import { KeryxError } from "../../../core/errors.ts";
import { printAvro } from "../../../schema/avro/print.ts";
import { collectAvroNames } from "../../../schema/avro/references.ts";
import { schemaLimits } from "../../../schema/limits.ts";
import { encodeProto } from "../../../schema/proto/encode.ts";
import { printProto } from "../../../schema/proto/print.ts";
import { refusals } from "../refusals.ts";
import type { GivenSchema, ReadSchema } from "./content.ts";
import { bareIdentityOf, identityOf } from "./identity.ts";
import { type Judgement, type JudgingRules, judge } from "./judging.ts";
import { formatSubject, parseSubject } from "./names.ts";
import {
  contextAt,
  type RegistryState,
  type SchemaContent,
  type StoredReference,
  type StoredSchema,
  type StoredVersion,
  versionsOf,
} from "./state.ts";

/** Texts to parsed schemas and back; what is stored is parsed once. */
export interface Schemas {
  /** @throws RegistryRefusal 42201 and 42209 */
  read(given: GivenSchema, context: string, isNormalized: boolean): ReadSchema;
  parsed(schema: StoredSchema, context: string): ParsedSchema;
  /** The identity that the schema would have, had it been registered normalized. */
  normalIdentity(schema: StoredSchema, context: string): string;
  /** Asks the engine whether a schema may follow these versions. */
  judge(found: ReadSchema, versions: readonly StoredVersion[], rules: JudgingRules): Judgement;
  /** A FileDescriptorProto in base64; for Avro, the text. */
  serialized(schema: StoredSchema, context: string): string;
}

export function createSchemas(state: RegistryState, dialect: Dialect): Schemas {
  const parsedSchemas = new WeakMap<StoredSchema, ParsedSchema>();
  const identities = new WeakMap<StoredSchema, string>();
  const parsed: Schemas["parsed"] = (schema, context) => {
    const known = parsedSchemas.get(schema);
    if (known !== undefined) return known;
    const imports = collectImports(state, context, schema.references);
    const found = parseSchema({ type: schema.type, text: schema.schema, imports }, { isReleased: true });
    parsedSchemas.set(schema, found);
    return found;
  };
  return {
    read(given, context, isNormalized) {
      checkSize(given);
      try {
        return readSchema(state, given, context, isNormalized);
      } catch (error) {
        throw error instanceof KeryxError ? toRefusal(error) : error;
      }
    },
    parsed,
    normalIdentity(schema, context) {
      const known = identities.get(schema);
      if (known !== undefined) return known;
      const { references } = schema;
      const imports = collectImports(state, context, references);
      const text = printParsed(schema.schema, parsed(schema, context), imports, true);
      const found = identityOf(bareIdentityOf(schema, text), schema);
      identities.set(schema, found);
      return found;
    },
    judge: (found, versions, rules) => judge({ parsed, dialect, ...rules }, found, versions),
    serialized(schema, context) {
      const found = parsed(schema, context);
      return found.type === "AVRO"
        ? schema.schema
        : Buffer.from(encodeProto(found.schema)).toString("base64");
    },
  };
}

function readSchema(
  state: RegistryState,
  given: GivenSchema,
  context: string,
  isNormalized: boolean,
): ReadSchema {
  const { type, schema: text } = given;
  const references = given.references.map((one) => pinned(state, context, one));
  const imports = collectImports(state, context, references);
  const parsed = parseSchema({ type, text, imports });
  // A descriptor cannot be made of a file that names types which nothing defines.
  if (parsed.type === "PROTOBUF") encodeProto(parsed.schema);
  const schema = printParsed(text, parsed, imports, isNormalized);
  // Two texts are the same to Avro's own library whatever the order of members; it is no help to keep them apart.
  const comparable = type === "AVRO" ? printParsed(text, parsed, imports, true) : schema;
  const bareIdentity = bareIdentityOf({ type, references }, comparable);
  const { metadata, ruleSet } = given;
  const content: SchemaContent = {
    ...{ type, schema, references },
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    identity: identityOf(bareIdentity, given),
  };
  return { content, bareIdentity, parsed };
}

function printParsed(
  text: string,
  parsed: ParsedSchema,
  imports: readonly SchemaImport[],
  isNormalized: boolean,
): string {
  if (parsed.type === "PROTOBUF") return printProto(parsed.schema, { isNormalized });
  if (!isNormalized) return printAvro(text);
  const known = new Set(parsed.schema.named.keys());
  for (const one of imports)
    for (const name of collectAvroNames(one.text, schemaLimits).defined) known.add(name);
  return printAvro(text, { normalizeWith: known });
}

function checkSize({ schema, references }: GivenSchema): void {
  if (schema.trim() === "") throw refusals.invalidSchema("Empty schema");
  const bytes = Buffer.byteLength(schema);
  if (bytes > schemaLimits.textBytes)
    throw refusals.schemaTooLarge(`The schema has ${bytes} bytes; ${schemaLimits.textBytes} are allowed`);
  if (references.length > schemaLimits.references)
    throw refusals.invalidSchema(`Invalid schema: more than ${schemaLimits.references} references`);
}

function toRefusal(error: KeryxError): Error {
  return error.code === "schema_invalid" ? refusals.invalidSchema(`Invalid schema: ${error.message}`) : error;
}

/** The reference with the number of the version; -1 asks for the newest. */
function pinned(state: RegistryState, context: string, reference: StoredReference): StoredReference {
  const { schema: _, ...place } = findReferenced(state, context, reference);
  return { ...reference, version: place.version };
}

interface Referenced {
  readonly context: string;
  readonly version: number;
  readonly schema: StoredSchema;
}

function findReferenced(
  state: RegistryState,
  context: string,
  { subject, version }: StoredReference,
): Referenced {
  const name = parseSubject(subject, context);
  const versions = versionsOf(contextAt(state, name.context), name.subject, { deleted: true });
  const found =
    version === -1
      ? versions.findLast((one) => !one.isDeleted)
      : versions.find((one) => one.version === version);
  if (found === undefined)
    throw refusals.invalidSchema(
      `Invalid schema: no schema reference found for subject "${subject}" and version ${version}`,
    );
  return { context: name.context, version: found.version, schema: found.schema };
}

/** What the references reach, indirectly too, each by the name under which it is referred to first. */
function collectImports(
  state: RegistryState,
  context: string,
  references: readonly StoredReference[],
): readonly SchemaImport[] {
  const found = new Map<string, SchemaImport>();
  const open = references.map((reference) => ({ reference, context }));
  for (const { reference, context: from } of open) {
    if (found.has(reference.name)) continue;
    const { schema, version, context: home } = findReferenced(state, from, reference);
    if (found.size >= schemaLimits.references)
      throw refusals.invalidSchema(
        `Invalid schema: more than ${schemaLimits.references} schemas are referred to`,
      );
    const { subject } = parseSubject(reference.subject, from);
    const place = { subject: formatSubject({ context: home, subject }), version };
    found.set(reference.name, { name: reference.name, text: schema.schema, place });
    for (const inner of schema.references) open.push({ reference: inner, context: home });
  }
  return [...found.values()];
}
