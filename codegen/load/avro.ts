import type { LongForm } from "../../src/core/event.ts";
import { markLongs } from "../../src/schema/avro/longs.ts";
import type { AvroNamedType, AvroRecord, JsonPath } from "../../src/schema/avro/model.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import type { JsonNode } from "../../src/schema/json.ts";
import { type Diagnostic, report, type Span } from "../diagnostics.ts";
import type { DeclaredOptions, LoadedEvent, LoadedSchemas } from "../model/loaded.ts";
import { fingerprintOf } from "../model/lock.ts";
import { compare } from "../model/order.ts";
import { type AvroFile, memberOf, nodeAt, readAvroFiles, refusal, spanOf } from "./avro/files.ts";
import { unsafeLong } from "./avro/long-defaults.ts";
import { readFieldMarks } from "./avro/marks.ts";
import { type AvroProjector, attribute, createAvroProjector, describeType } from "./avro/wire.ts";
import type { SchemaSource } from "./sources.ts";

export interface LoadedAvro {
  readonly events: readonly LoadedEvent[];
  readonly sensitive: ReadonlySet<string>;
  readonly avroTypes: LoadedSchemas["avroTypes"];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the .avsc files; names may be defined in any of them. */
export function loadAvro(sources: readonly SchemaSource[]): LoadedAvro {
  const { files, diagnostics: found } = readAvroFiles(sources);
  if (found.length > 0) return { events: [], sensitive: new Set(), avroTypes: [], diagnostics: found };
  const diagnostics: Diagnostic[] = [];
  const named = new Map<string, AvroNamedType>();
  const types: { readonly type: AvroNamedType; readonly file: AvroFile }[] = [];
  for (const file of files)
    try {
      for (const [name, type] of parseAvro(file.text, { named }).named) {
        named.set(name, type);
        types.push({ type, file });
      }
    } catch (thrown) {
      diagnostics.push(refusal(thrown, file.path));
    }
  if (diagnostics.length > 0) return { events: [], sensitive: new Set(), avroTypes: [], diagnostics };
  const records = types.flatMap(({ type, file }) => (type.kind === "record" ? [{ record: type, file }] : []));
  const marks = readMarks(records);
  diagnostics.push(...marks.diagnostics, ...records.flatMap(unsafeDefaults));
  const projector = createAvroProjector(files);
  const events: LoadedEvent[] = [];
  for (const { type, file } of types) {
    if (!type.attributes.has(attribute)) continue;
    const event = readEvent(type, file, projector);
    if ("rule" in event) diagnostics.push(event);
    else events.push(event);
  }
  return {
    events,
    sensitive: marks.sensitive,
    avroTypes: types
      .map(({ type, file }) => ({ type, at: placeOf(file, type.path) }))
      .sort((a, b) => compare(a.type.name, b.type.name)),
    diagnostics,
  };
}

/** A named type's place is its name, so that a finger points at something short. */
function placeOf(file: AvroFile, path: JsonPath): Span {
  const node = nodeAt(file.root, path);
  return spanOf(file.path, memberOf(node, "name") ?? node);
}

interface RecordOfFile {
  readonly record: AvroRecord;
  readonly file: AvroFile;
}

/** Collects which fields are sensitive, and puts the marks of longs where they belong. */
function readMarks(records: readonly RecordOfFile[]): Pick<LoadedAvro, "sensitive" | "diagnostics"> {
  const sensitive = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const { record, file } of records) {
    const longs = new Map<string, LongForm>();
    for (const field of record.fields) {
      const name = `${record.name}.${field.name}`;
      const marks = readFieldMarks(field, (message, rule, path) =>
        report(rule, placeIn(file, path), `${name}: ${message}`),
      );
      if (marks.isSensitive) sensitive.add(name);
      if (marks.long !== undefined) longs.set(name, marks.long);
      diagnostics.push(...marks.diagnostics);
    }
    markLongs(record, (field) => longs.get(field));
  }
  return { sensitive, diagnostics };
}

function unsafeDefaults({ record, file }: RecordOfFile): readonly Diagnostic[] {
  return record.fields.flatMap((field) => {
    const unsafe = field.default && unsafeLong(field.type, field.default);
    if (unsafe === undefined) return [];
    const name = `${record.name}.${field.name}`;
    const where = unsafe === name ? "" : `, for ${unsafe},`;
    const message = `${name}: its default holds a long${where} that a number does not hold exactly.`;
    return [report("long-default-unsafe", placeIn(file, [...field.path, "default"]), message)];
  });
}

function placeIn(file: AvroFile, path: JsonPath): Span {
  return spanOf(file.path, nodeAt(file.root, path));
}

function readEvent(type: AvroNamedType, file: AvroFile, projector: AvroProjector): LoadedEvent | Diagnostic {
  const at = placeOf(file, type.path);
  if (type.kind !== "record")
    return report(
      "option-invalid",
      at,
      `Only a record can be an event; ${type.name} is of the kind ${type.kind}.`,
    );
  const schema = projector.project(type.name);
  const problem = problemOf(schema, type);
  if (problem !== undefined)
    return report("wire-projection", at, `Without Keryx' attributes ${type.name} ${problem}.`);
  const deprecated = type.attributes.get("deprecated");
  return {
    format: "avro",
    name: type.name,
    at,
    ...(type.doc === undefined ? {} : { doc: type.doc }),
    ...(typeof deprecated === "string" || deprecated === true ? { deprecated } : {}),
    declared: declaredOptions(type, file),
    index: [],
    wire: { schema, references: [], fingerprint: fingerprintOf(schema) },
    source: { kind: "avro", record: type },
  };
}

/** The text must stand on its own and mean what the source means. */
function problemOf(schema: string, record: AvroRecord): string | undefined {
  try {
    return describeType(parseAvro(schema).type) === describeType(record)
      ? undefined
      : "would mean something else";
  } catch (thrown) {
    return `cannot be read: ${refusal(thrown, "").message}`;
  }
}

function declaredOptions(record: AvroRecord, file: AvroFile): DeclaredOptions {
  const whole = memberOf(nodeAt(file.root, record.path), attribute);
  const keyOf = (node: JsonNode | undefined, key: string): { line: number; column: number } | undefined =>
    node?.kind === "object" ? node.members.get(key)?.key : undefined;
  return {
    json: record.attributes.get(attribute),
    at: (key) =>
      spanOf(
        file.path,
        (key === undefined ? undefined : keyOf(whole, key)) ?? whole ?? nodeAt(file.root, record.path),
      ),
  };
}
