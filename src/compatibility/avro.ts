import { isReadableAs } from "../schema/avro/match.ts";
import type {
  AvroEnum,
  AvroField,
  AvroFixed,
  AvroNamedType,
  AvroRecord,
  AvroType,
} from "../schema/avro/model.ts";
import type { AvroSchema } from "../schema/avro.ts";
import {
  below,
  createAllowance,
  type Path,
  pointerOf,
  root,
  type Spend,
  symbolsPerStep,
} from "./avro/walk.ts";
import type { Difference } from "./difference.ts";

/**
 * What keeps `reader` from reading what `writer` wrote, as Avro's Java library finds it: the same list in the same order.
 * Only incompatibilities are listed; an empty list means compatible.
 *
 * Where the Java library throws, because a field of the reader finds two fields of the writer, the list is one
 * `EXCEPTION`. A list longer than 50,000 differences or 16 million characters is cut there.
 * @throws KeryxError `schema_invalid` with `fault: "limit"`: the comparison takes more than 500,000 steps, or goes more
 * than 500 types deep.
 */
export function compareAvro(reader: AvroSchema, writer: AvroSchema): readonly Difference[] {
  const comparison: Comparison = {
    results: new Map(),
    fields: new Map(),
    symbols: new Map(),
    spend: createAllowance(),
  };
  try {
    return listed(visit(comparison, reader.type, writer.type, root));
  } catch (error) {
    if (error !== ambiguous) throw error;
    return [
      {
        kind: "EXCEPTION",
        path: "/",
        message: "Unexpected exception during compatibility check",
        compatible: false,
      },
    ];
  }
}

const maxListed = 50_000;
const maxListedLength = 16_000_000;

// Thrown as a value: it never leaves this file.
const ambiguous: unique symbol = Symbol("a field of the reader matches two of the writer");

interface Comparison {
  /** By reader, then writer. `open`: under way, which counts as compatible. */
  readonly results: Map<AvroType, Map<AvroType, Result | "open">>;
  readonly fields: Map<AvroRecord, ReadonlyMap<string, AvroField>>;
  readonly symbols: Map<AvroEnum, ReadonlySet<string>>;
  readonly spend: Spend;
}

/**
 * Nothing: compatible. Parts are shared, not copied: a second visit repeats the first one's differences, which doubles
 * them with every level of a schema made for it.
 */
type Result = readonly (Fault | Result)[];

interface Fault {
  readonly kind: string;
  readonly path: Path;
  /** Built when listed: most faults are those of union branches that were tried in vain. */
  readonly say: () => string;
}

const compatible: Result = [];

function visit(comparison: Comparison, reader: AvroType, writer: AvroType, path: Path, depth = 0): Result {
  comparison.spend(1, depth);
  const byWriter = comparison.results.get(reader) ?? new Map<AvroType, Result | "open">();
  comparison.results.set(reader, byWriter);
  const known = byWriter.get(writer);
  if (known !== undefined) return known === "open" ? compatible : known;
  byWriter.set(writer, "open");
  const result = compare({ comparison, path, depth }, reader, writer);
  byWriter.set(writer, result);
  return result;
}

interface Place {
  readonly comparison: Comparison;
  readonly path: Path;
  readonly depth: number;
}

function descend(place: Place, reader: AvroType, writer: AvroType, ...tokens: (string | number)[]): Result {
  return visit(place.comparison, reader, writer, below(place.path, ...tokens), place.depth + 1);
}

/** The places of differences found inside count from the root again. */
function isReadable(place: Place, reader: AvroType, writer: AvroType): boolean {
  return visit(place.comparison, reader, writer, root, place.depth + 1).length === 0;
}

function compare(place: Place, reader: AvroType, writer: AvroType): Result {
  if (reader.kind === "union" && writer.kind === "union")
    return joined(
      writer.branches.map((branch, index) =>
        isReadable(place, reader, branch) ? compatible : lackingBranch(below(place.path, index), branch),
      ),
    );
  if (writer.kind === "union")
    return joined(writer.branches.map((branch, index) => descend(place, reader, branch, index)));
  if (reader.kind === "union")
    return reader.branches.some((branch) => isReadable(place, branch, writer))
      ? compatible
      : lackingBranch(place.path, writer);
  if (reader.kind === "array" && writer.kind === "array")
    return descend(place, reader.items, writer.items, "items");
  if (reader.kind === "map" && writer.kind === "map")
    return descend(place, reader.values, writer.values, "values");
  if (reader.kind === "fixed" && writer.kind === "fixed")
    return joined([compareNames(place, reader, writer), compareSizes(place, reader, writer)]);
  if (reader.kind === "enum" && writer.kind === "enum")
    return joined([compareNames(place, reader, writer), compareSymbols(place, reader, writer)]);
  if (reader.kind === "record" && writer.kind === "record")
    return joined([compareNames(place, reader, writer), ...compareFields(place, reader, writer)]);
  if (isReadableAs(writer.kind, reader.kind)) return compatible;
  return fault("TYPE_MISMATCH", place.path, () => {
    const [wanted, written] = [reader.kind.toUpperCase(), writer.kind.toUpperCase()];
    return `reader type: ${wanted} not compatible with writer type: ${written}`;
  });
}

function fault(kind: string, path: Path, say: () => string): Result {
  return [{ kind, path, say }];
}

function joined(parts: readonly Result[]): Result {
  const found = parts.filter((part) => part.length > 0);
  return found.length === 1 ? (found[0] ?? compatible) : found;
}

function lackingBranch(path: Path, writer: AvroType): Result {
  return fault(
    "MISSING_UNION_BRANCH",
    path,
    () => `reader union lacking writer type: ${writer.kind.toUpperCase()}`,
  );
}

function compareNames({ comparison, path }: Place, reader: AvroNamedType, writer: AvroNamedType): Result {
  if (reader.simpleName === writer.simpleName) return compatible;
  comparison.spend(reader.aliases.length);
  if (reader.aliases.includes(writer.name)) return compatible;
  return fault("NAME_MISMATCH", below(path, "name"), () => `expected: ${writer.name}`);
}

function compareSizes({ path }: Place, reader: AvroFixed, writer: AvroFixed): Result {
  if (reader.size === writer.size) return compatible;
  return fault(
    "FIXED_SIZE_MISMATCH",
    below(path, "size"),
    () => `expected: ${writer.size}, found: ${reader.size}`,
  );
}

function compareSymbols({ comparison, path }: Place, reader: AvroEnum, writer: AvroEnum): Result {
  if (reader.default !== undefined) return compatible;
  comparison.spend(writer.symbols.length / symbolsPerStep);
  const known = comparison.symbols.get(reader) ?? new Set(reader.symbols);
  comparison.symbols.set(reader, known);
  if (writer.symbols.every((symbol) => known.has(symbol))) return compatible;
  return fault("MISSING_ENUM_SYMBOLS", below(path, "symbols"), () => {
    const missing = writer.symbols.filter((symbol) => !known.has(symbol));
    return `[${missing.toSorted().join(", ")}]`;
  });
}

function compareFields(place: Place, reader: AvroRecord, writer: AvroRecord): readonly Result[] {
  return reader.fields.map((field, index): Result => {
    const written = findWritten(place.comparison, field, writer);
    if (written !== undefined) return descend(place, field.type, written.type, "fields", index, "type");
    if (field.hasDefault) return compatible;
    // Upstream takes the enum's default for the field's, and then holds the enum against the whole record.
    if (field.type.kind === "enum" && field.type.default !== undefined)
      return descend(place, field.type, writer, "fields", index, "type");
    return fault("READER_FIELD_MISSING_DEFAULT_VALUE", below(place.path, "fields", index), () => field.name);
  });
}

function findWritten(comparison: Comparison, field: AvroField, writer: AvroRecord): AvroField | undefined {
  const byName = comparison.fields.get(writer) ?? new Map(writer.fields.map((one) => [one.name, one]));
  comparison.fields.set(writer, byName);
  comparison.spend(1 + field.aliases.length);
  // A field that has its own name among its aliases finds its counterpart twice, which upstream takes for two fields.
  const names = [field.name, ...new Set(field.aliases)];
  const found = names.map((name) => byName.get(name)).filter((one) => one !== undefined);
  if (found.length > 1) throw ambiguous;
  return found[0];
}

function listed(result: Result): readonly Difference[] {
  const list: Difference[] = [];
  const open: (Fault | Result)[] = [result];
  const made = new Map<Fault, Difference>();
  let length = 0;
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (!("kind" in part)) {
      for (let index = part.length - 1; index >= 0; index--) open.push(part[index] ?? compatible);
      continue;
    }
    const { kind } = part;
    const known = made.get(part);
    const difference = known ?? { kind, path: pointerOf(part.path), message: part.say(), compatible: false };
    made.set(part, difference);
    length += difference.path.length + difference.message.length;
    if (list.length >= maxListed || (list.length > 0 && length > maxListedLength)) break;
    list.push(difference);
  }
  return list;
}
