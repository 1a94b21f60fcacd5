import type { AvroEnum, AvroField, AvroNamedType, AvroType } from "../../src/schema/avro-model.ts";
import { propertyName } from "../../src/schema/avro-shape.ts";
import type { EventModel } from "../model/model.ts";
import { typeName } from "./avro-types.ts";
import { type Codecs, reader, use, writer } from "./codec-context.ts";
import { createRecord } from "./codec-create.ts";
import { readRecord, scalarRead } from "./codec-read.ts";
import { scalarWrite, writeRecord } from "./codec-write.ts";
import type { FileScope } from "./file-scope.ts";
import { enclose, stringLiteral } from "./literal.ts";
import type { Declaration } from "./output.ts";

/** The functions that read, write and complete a named type; straight-line code over the runtime's primitives. */
export function codecDeclarations(
  scope: FileScope,
  type: AvroNamedType,
  owned: ReadonlySet<AvroField>,
): readonly Declaration[] {
  const codecs: Codecs = { scope, helpers: [], names: new Map(), owned };
  switch (type.kind) {
    case "record": {
      const main = [createRecord(codecs, type), writeRecord(codecs, type), readRecord(codecs, type)];
      return [...main, ...codecs.helpers];
    }
    case "enum":
      return enumFunctions(codecs, type);
    case "fixed": {
      const value = scalarWrite(codecs, type, "value", "at");
      return [
        writer(codecs, `write${typeName(type)}`, typeName(type), [value], true),
        reader(
          codecs,
          `read${typeName(type)}`,
          typeName(type),
          [`return ${scalarRead(codecs, type)};`],
          true,
        ),
      ];
    }
  }
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
