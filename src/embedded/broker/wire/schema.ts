import { malformed, type Reader, type Writer } from "./primitives.ts";

/** What each plain kind of field holds on our side of the wire. */
interface Values {
  readonly int8: number;
  readonly int16: number;
  readonly int32: number;
  readonly int64: number;
  readonly bool: boolean;
  readonly string: string;
  readonly nullableString: string | null;
  readonly bytes: Buffer;
  /** Record batches: read as one piece, written as many without copying; null is none. */
  readonly records: readonly Uint8Array[] | null;
}

/** A description of bytes. Descriptions are data: they read, write, and make the cases of the tests. */
export type Type =
  | { readonly kind: keyof Values }
  | { readonly kind: "array"; readonly of: Type; readonly isNullable: boolean }
  | { readonly kind: "struct"; readonly fields: readonly Field[] };

export interface Field<Name extends string = string, Value = unknown> {
  readonly name: Name;
  readonly type: Type;
  /** First and last version that has the field. */
  readonly since: number;
  readonly until: number;
  /** The value in versions that do not have it, and in answers that do not name it. */
  readonly absent: Value;
}

/** The value that a list of fields describes. */
export type Row<Fields extends readonly Field[]> = {
  readonly [Each in Fields[number] as Each["name"]]: Each["absent"];
};

/** The same with everything optional: what is not named is at its default. */
export type Told<Value> = Value extends Uint8Array
  ? Value
  : Value extends readonly (infer Each)[]
    ? readonly Told<Each>[]
    : Value extends object
      ? { readonly [Name in keyof Value]?: Told<Value[Name]> }
      : Value;

export interface Mode {
  readonly version: number;
  /** Compact lengths and tagged fields. */
  readonly isFlexible: boolean;
}

interface Span<Value> {
  readonly since?: number;
  readonly until?: number;
  readonly absent?: Value;
}

function field<const Name extends string, Value>(
  name: Name,
  type: Type,
  empty: Value,
  { since = 0, until = Number.POSITIVE_INFINITY, absent = empty }: Span<Value> = {},
): Field<Name, Value> {
  return { name, type, since, until, absent };
}

type Make<Value> = <const Name extends string>(name: Name, span?: Span<Value>) => Field<Name, Value>;

function plain<Kind extends keyof Values>(kind: Kind, empty: Values[Kind]): Make<Values[Kind]> {
  return (name, span) => field(name, { kind }, empty, span);
}

export const int8: Make<number> = plain("int8", 0);
export const int16: Make<number> = plain("int16", 0);
export const int32: Make<number> = plain("int32", 0);
export const int64: Make<number> = plain("int64", 0);
export const bool: Make<boolean> = plain("bool", false);
export const string: Make<string> = plain("string", "");
export const nullableString: Make<string | null> = plain("nullableString", null);
export const bytes: Make<Buffer> = plain("bytes", Buffer.alloc(0));
export const records: Make<readonly Uint8Array[] | null> = plain("records", null);

export function array<const Name extends string, const Fields extends readonly Field[]>(
  name: Name,
  fields: Fields,
  span?: Span<readonly Row<Fields>[]>,
): Field<Name, readonly Row<Fields>[]> {
  return field(name, { kind: "array", of: { kind: "struct", fields }, isNullable: false }, [], span);
}

/** A list of plain values. */
export function list<const Name extends string, const Kind extends keyof Values>(
  name: Name,
  kind: Kind,
  span?: Span<readonly Values[Kind][]>,
): Field<Name, readonly Values[Kind][]> {
  return field(name, { kind: "array", of: { kind }, isNullable: false }, [], span);
}

/** Lets a list be null, which is not the same as empty, for example "all topics" and "no topic". */
export function nullable<const Name extends string, Value>(
  one: Field<Name, readonly Value[]>,
): Field<Name, readonly Value[] | null> {
  const type = one.type.kind === "array" ? { ...one.type, isNullable: true } : one.type;
  return { ...one, type, absent: null };
}

/** Partitions under the name of their topic, as most questions and answers have them. */
export interface ByName<Part> {
  readonly name: string;
  readonly partitions: readonly Part[];
}

export function byTopic<const Fields extends readonly Field[]>(
  partition: Fields,
): Field<"topics", readonly ByName<Row<Fields>>[]> {
  return array("topics", [string("name"), array("partitions", partition)]);
}

export function isPresent(one: Field, version: number): boolean {
  return one.since <= version && version <= one.until;
}

/** @throws KeryxError `frame_malformed` */
export function readRow<Fields extends readonly Field[]>(
  fields: Fields,
  reader: Reader,
  mode: Mode,
): Row<Fields> {
  const row: Record<string, unknown> = {};
  for (const one of fields)
    row[one.name] = isPresent(one, mode.version) ? readValue(one.type, reader, mode) : one.absent;
  if (mode.isFlexible) skipTags(reader);
  return row as Row<Fields>;
}

export function writeRow<Fields extends readonly Field[]>(
  fields: Fields,
  row: Told<Row<Fields>>,
  writer: Writer,
  mode: Mode,
): void {
  const values = row as Readonly<Record<string, unknown>>;
  for (const one of fields) {
    const value = values[one.name];
    if (isPresent(one, mode.version))
      writeValue(one.type, value === undefined ? one.absent : value, writer, mode);
  }
  if (mode.isFlexible) writer.varuint(0);
}

function readValue(type: Type, reader: Reader, mode: Mode): unknown {
  switch (type.kind) {
    case "bool":
      return reader.int8() !== 0;
    case "string":
    case "nullableString":
      return readBytes(reader, mode, "int16", type.kind === "nullableString")?.toString() ?? null;
    case "bytes":
      return readBytes(reader, mode, "int32", false);
    case "records": {
      const found = readBytes(reader, mode, "int32", true);
      return found === null ? null : [found];
    }
    case "array":
      return readArray(type.of, type.isNullable, reader, mode);
    case "struct":
      return readRow(type.fields, reader, mode);
    default:
      return reader[type.kind]();
  }
}

type Size = "int16" | "int32";

/** Compact lengths count from one, so that zero can stand for null. */
function readLength(reader: Reader, mode: Mode, size: Size, isNullable: boolean): number {
  const length = mode.isFlexible ? reader.varuint() - 1 : reader[size]();
  if (length < (isNullable ? -1 : 0)) throw malformed(`a length is ${length}`);
  return length;
}

function readBytes(reader: Reader, mode: Mode, size: Size, isNullable: boolean): Buffer | null {
  const length = readLength(reader, mode, size, isNullable);
  return length < 0 ? null : reader.bytes(length);
}

function readArray(of: Type, isNullable: boolean, reader: Reader, mode: Mode): readonly unknown[] | null {
  const count = readLength(reader, mode, "int32", isNullable);
  if (count < 0) return null;
  reader.elements(count);
  return Array.from({ length: count }, () => readValue(of, reader, mode));
}

/** Tagged fields of newer versions. */
export function skipTags(reader: Reader): void {
  for (let count = reader.varuint(); count > 0; count--) {
    reader.varuint();
    reader.bytes(reader.varuint());
  }
}

function writeValue(type: Type, value: unknown, writer: Writer, mode: Mode): void {
  const { kind } = type;
  if (kind === "struct") writeRow(type.fields, value as object, writer, mode);
  else if (kind === "bool") writer.int8(value === true ? 1 : 0);
  else if (kind === "string" || kind === "nullableString")
    writePieces(value === null ? null : [Buffer.from(value as string)], "int16", writer, mode);
  else if (kind === "bytes") writePieces([value as Buffer], "int32", writer, mode);
  else if (kind === "records") writePieces(value as Values["records"], "int32", writer, mode);
  else if (kind === "array") {
    const values = value as readonly unknown[] | null;
    writeLength(values?.length ?? -1, "int32", writer, mode);
    for (const one of values ?? []) writeValue(type.of, one, writer, mode);
  } else writer[kind](value as number);
}

function writeLength(length: number, size: Size, writer: Writer, mode: Mode): void {
  if (mode.isFlexible) writer.varuint(length + 1);
  else writer[size](length);
}

function writePieces(pieces: Values["records"], size: Size, writer: Writer, mode: Mode): void {
  writeLength(pieces === null ? -1 : sizeOf(pieces), size, writer, mode);
  for (const piece of pieces ?? []) writer.raw(piece);
}

export function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
