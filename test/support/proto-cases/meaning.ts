import { type DescField, type DescMessage, isFieldSet, ScalarType } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { isAlwaysWritten } from "./values.ts";

/**
 * The first thing that a reader sees otherwise than the writer meant it. Fields are the same by their number: every
 * field of both sides keeps its value, the one that stands for its absence included; enum values keep their number;
 * a string may come back as its bytes, one value as a list of one, a map as a list of its entries; what the reader
 * requires is there.
 */
export function findLoss(written: ReflectMessage, read: ReflectMessage): string | undefined {
  const fields = new Map(written.fields.map((field) => [field.number, field]));
  for (const field of read.fields) {
    const before = fields.get(field.number);
    const loss =
      before === undefined
        ? missing(read, field)
        : (missing(read, field) ?? compareField(written, before, read, field));
    if (loss !== undefined) return `${field.toString()}: ${loss}`;
  }
  return undefined;
}

function missing(read: ReflectMessage, field: DescField): string | undefined {
  return isAlwaysWritten(field) && !isFieldSet(read.message, field) ? "required, and not there" : undefined;
}

/** Values of a field, in order; those of maps with their keys in front. */
type Values = readonly { readonly key?: string; readonly value: Value }[];
type Value = ReflectMessage | string;

function compareField(
  written: ReflectMessage,
  before: DescField,
  read: ReflectMessage,
  field: DescField,
): string | undefined {
  const isEntries = before.fieldKind === "map" || field.fieldKind === "map";
  const [old, now] = [valuesOf(written, before, isEntries), valuesOf(read, field, isEntries)];
  const isSingle = ![before.fieldKind, field.fieldKind].some((kind) => kind === "list" || kind === "map");
  if (isSingle && before.message === undefined)
    return compareValue(singleOf(written, before), singleOf(read, field));
  if (old.length !== now.length) return `${old.length} values became ${now.length}`;
  for (const [index, { key, value }] of old.entries()) {
    const other = now[index];
    if (other === undefined || key !== other.key) return `${key} became ${other?.key}`;
    const loss = compareValue(value, other.value);
    if (loss !== undefined) return loss;
  }
  return undefined;
}

function compareValue(old: Value, now: Value): string | undefined {
  if (typeof old === "string" || typeof now === "string")
    return old === now ? undefined : `${String(old)} became ${String(now)}`;
  return findLoss(old, now);
}

/** The value of a field that is neither list nor map, or what stands for it where it is not set. */
function singleOf(message: ReflectMessage, field: DescField): Value {
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return "";
  const value = message.isSet(field) ? message.get(field) : field.getDefaultValue();
  if (field.fieldKind === "enum") return textOf(value ?? field.enum.values[0]?.number ?? 0);
  return textOf(value ?? zeroOf(field.scalar));
}

function zeroOf(type: ScalarType): unknown {
  return type === ScalarType.STRING || type === ScalarType.BYTES ? "" : 0;
}

function valuesOf(message: ReflectMessage, field: DescField, isEntries: boolean): Values {
  if (field.fieldKind === "map") {
    const entries = [...message.get(field)].map(([key, value]) => ({
      key: textOf(key),
      value: toValue(value),
    }));
    return sortedByKey(entries);
  }
  const items =
    field.fieldKind === "list" ? [...message.get(field)] : message.isSet(field) ? [message.get(field)] : [];
  const values = items.map((item) => ({ value: toValue(item) }));
  return isEntries
    ? sortedByKey(values.flatMap(({ value }) => (typeof value === "string" ? [] : [entryOf(value)])))
    : values;
}

/** A message that is the entry of a map on the other side. */
function entryOf(entry: ReflectMessage): { key: string; value: Value } {
  const at = (number: number): DescField | undefined => entry.fields.find((field) => field.number === number);
  const [key, value] = [at(1), at(2)];
  const single = (field: DescField | undefined): Value =>
    field === undefined ? "" : field.fieldKind === "message" ? entry.get(field) : singleOf(entry, field);
  return { key: String(single(key)), value: single(value) };
}

/** The last entry of a key is the one that counts. */
function sortedByKey<Entry extends { readonly key: string }>(entries: readonly Entry[]): readonly Entry[] {
  const last = new Map(entries.map((entry) => [entry.key, entry]));
  return [...last.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function toValue(value: unknown): Value {
  return typeof value === "object" && value !== null && "desc" in value && "fields" in value
    ? (value as ReflectMessage)
    : textOf(value);
}

/** A form in which a bool equals the number, and a text its bytes. */
function textOf(value: unknown): string {
  if (typeof value === "string") return `"${Buffer.from(value).toString("hex")}"`;
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("hex")}"`;
  return typeof value === "boolean" ? String(Number(value)) : String(value);
}

export type { DescMessage };
