import { encodingText } from "../../src/schema/avro/encoding-text.ts";
import type {
  AvroEnum,
  AvroField,
  AvroNamedType,
  AvroRecord,
  AvroType,
} from "../../src/schema/avro/model.ts";
import { propertyName } from "../../src/schema/avro/shape.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import { fingerprintOf } from "../model/lock.ts";
import type { EventModel, ReleasedSchema } from "../model/model.ts";
import { type Codecs, reader, use, writer } from "./avro/context.ts";
import { createRecord } from "./avro/create.ts";
import { readRecord, scalarRead } from "./avro/read.ts";
import { resolveWriter } from "./avro/resolve.ts";
import { typeName } from "./avro/types.ts";
import type { AvroScope } from "./avro/unions.ts";
import { scalarWrite, writeRecord } from "./avro/write.ts";
import { enclose, stringLiteral } from "./literal.ts";
import type { Declaration } from "./output.ts";

export interface RecordCodec {
  readonly declarations: readonly Declaration[];
  /** For each earlier writer the fingerprint of its encoding, and the function that reads what it wrote. */
  readonly earlier: readonly (readonly [encoding: string, read: string])[];
}

/** The functions that read, write and complete a named type; straight-line code over the runtime's primitives. */
export function codecDeclarations(
  scope: AvroScope,
  type: AvroNamedType,
  owned: ReadonlySet<AvroField>,
  event?: EventModel,
): RecordCodec {
  const codecs: Codecs = { scope, helpers: [], names: new Map(), owned };
  switch (type.kind) {
    case "record": {
      const main = [createRecord(codecs, type), writeRecord(codecs, type), readRecord(codecs, type)];
      const earlier = event === undefined ? [] : earlierReads(codecs, type, event);
      return { declarations: [...main, ...codecs.helpers], earlier };
    }
    case "enum":
      return { declarations: enumFunctions(codecs, type), earlier: [] };
    case "fixed": {
      const value = scalarWrite(codecs, type, "value", "at");
      const declarations = [
        writer(codecs, `write${typeName(type)}`, typeName(type), [value], true),
        reader(
          codecs,
          `read${typeName(type)}`,
          typeName(type),
          [`return ${scalarRead(codecs, type)};`],
          true,
        ),
      ];
      return { declarations, earlier: [] };
    }
  }
}

function earlierReads(codecs: Codecs, reader: AvroRecord, event: EventModel): RecordCodec["earlier"] {
  const current = fingerprintOf(encodingText(reader));
  const found = new Map<string, string>();
  for (const [index, released] of (event.released ?? []).entries()) {
    const writer = parseReleased(released);
    const encoding = fingerprintOf(encodingText(writer));
    if (encoding === current || found.has(encoding)) continue;
    const read = resolveWriter(codecs, writer, reader, `From${index + 1}`);
    if (read !== undefined) found.set(encoding, read);
  }
  return [...found];
}

/** A released text behind those that it refers to. */
function parseReleased(
  { schema, references }: ReleasedSchema,
  named = new Map<string, AvroNamedType>(),
): AvroType {
  for (const reference of references) parseReleased(reference, named);
  const parsed = parseAvro(schema, { named, ignoreDefaults: true });
  for (const [name, type] of parsed.named) named.set(name, type);
  return parsed.type;
}

/** The fields of Avro records that hold keys or dedupe ids. */
export function ownedFields(events: readonly EventModel[]): ReadonlySet<AvroField> {
  return new Set(
    events.flatMap(({ source, options }) =>
      [options.key, options.id].flatMap((path) => {
        if (source.kind !== "avro" || path === undefined) return [];
        const field = fieldAt(source.record, path.value.properties);
        return field === undefined ? [] : [field];
      }),
    ),
  );
}

function fieldAt(type: AvroType, properties: readonly string[]): AvroField | undefined {
  const [name, ...rest] = properties;
  const records = type.kind === "union" ? type.branches : [type];
  for (const record of records) {
    if (record.kind !== "record") continue;
    const field = record.fields.find((one) => propertyName(one.name) === name);
    if (field !== undefined) return rest.length === 0 ? field : fieldAt(field.type, rest);
  }
  return undefined;
}

/** Names that a named type's file exports, so that no import takes them. */
export function exportedNames(type: AvroNamedType): readonly string[] {
  const name = typeName(type);
  return [name, `${name}Init`, `create${name}`, `write${name}`, `read${name}`, `symbolsOf${name}`];
}

function enumFunctions(codecs: Codecs, type: AvroEnum): readonly Declaration[] {
  const name = typeName(type);
  const symbols = `symbolsOf${name}`;
  return [
    {
      kind: "const",
      name: symbols,
      doc: {},
      exported: false,
      type: `readonly ${name}[]`,
      value: enclose("[", type.symbols.map(stringLiteral), "]"),
    },
    writer(codecs, `write${name}`, name, [`${use(codecs, "writeEnum")}(w, ${symbols}, value, at);`], true),
    reader(codecs, `read${name}`, name, [`return ${use(codecs, "readEnum")}(r, ${symbols});`], true),
  ];
}
