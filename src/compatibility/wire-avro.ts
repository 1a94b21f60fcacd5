import { fits, isReadableAs, isSameName, matchingBranch } from "../schema/avro/match.ts";
import type {
  AvroEnum,
  AvroField,
  AvroNamedType,
  AvroRecord,
  AvroType,
  AvroUnion,
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
import type { Direction, FoundWireProblem } from "./difference.ts";
import { type AvroWireKind, avroWireProblem } from "./wire-avro/kinds.ts";
import { findValueChange } from "./wire-avro/values.ts";

/**
 * What keeps bytes written as `writer` from being read as `reader` with the meaning they were written with, by the
 * specification's rules of schema resolution. A field that is dropped, filled in by its default or found by an alias
 * keeps its meaning, and so does a symbol that the reader has a default for, with a warning.
 *
 * Paths are JSON pointers in the reader; where it has no such branch, a branch's index is that of the writer's union.
 * Each pair of types is told of once, where it is met first.
 * @param direction which of the two is newer, for the advice: `backward`, the reader
 * @throws KeryxError `schema_invalid` with `fault: "limit"`, as `compareAvro`
 */
export function judgeAvroWire(
  writer: AvroSchema,
  reader: AvroSchema,
  direction: Direction = "backward",
): readonly FoundWireProblem[] {
  const problems: FoundWireProblem[] = [];
  const judgement: Judgement = {
    tell: (kind, path, message) =>
      problems.push(avroWireProblem(kind, { path: pointerOf(path), message: `${message}.` }, direction)),
    spend: createAllowance(),
    symbols: new Map(),
  };
  const seen = new Map<AvroType, Set<AvroType>>();
  const open: Pair[] = [{ writer: writer.type, reader: reader.type, path: root, depth: 0 }];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    judgement.spend(1, pair.depth);
    const known = seen.get(pair.writer) ?? new Set();
    if (known.has(pair.reader)) continue;
    seen.set(pair.writer, known.add(pair.reader));
    // The last one put on the stack is looked at first.
    open.push(...judgePair(judgement, pair).toReversed());
  }
  return problems;
}

interface Pair {
  readonly writer: AvroType;
  readonly reader: AvroType;
  readonly path: Path;
  readonly depth: number;
}

interface Judgement {
  readonly tell: (kind: AvroWireKind, path: Path, message: string) => void;
  readonly spend: Spend;
  readonly symbols: Map<AvroEnum, ReadonlySet<string>>;
}

/** Tells of the problems of two types themselves and gives the pairs of their parts. */
function judgePair(judgement: Judgement, pair: Pair): readonly Pair[] {
  const { writer, reader, path } = pair;
  const part = (written: AvroType, read: AvroType, ...tokens: (string | number)[]): Pair => ({
    writer: written,
    reader: read,
    path: below(path, ...tokens),
    depth: pair.depth + 1,
  });
  if (writer.kind === "union" && reader.kind === "union")
    return writer.branches.flatMap((branch, index) => {
      const at = branchFor(judgement, branch, reader, below(path, index));
      return at === undefined ? [] : [part(branch, at.branch, at.index)];
    });
  if (writer.kind === "union") return writer.branches.map((branch, index) => part(branch, reader, index));
  if (reader.kind === "union") {
    const at = branchFor(judgement, writer, reader, path);
    return at === undefined ? [] : [part(writer, at.branch, at.index)];
  }
  if (!isReadableAs(writer.kind, reader.kind)) {
    judgement.tell("TYPE_CHANGED", path, `${nameOf(writer)} cannot be read as ${nameOf(reader)}`);
    return [];
  }
  const change = findValueChange(writer, reader);
  if (change !== undefined) judgement.tell(change.kind, path, change.message);
  if ("name" in writer && "name" in reader) judgeNames(judgement, writer, reader, path);
  if (writer.kind === "array" && reader.kind === "array") return [part(writer.items, reader.items, "items")];
  if (writer.kind === "map" && reader.kind === "map") return [part(writer.values, reader.values, "values")];
  if (writer.kind === "enum" && reader.kind === "enum") judgeSymbols(judgement, writer, reader, path);
  if (writer.kind === "fixed" && reader.kind === "fixed" && writer.size !== reader.size)
    judgement.tell(
      "FIXED_SIZE_CHANGED",
      below(path, "size"),
      `${writer.size} bytes were written, ${reader.size} are read`,
    );
  if (writer.kind === "record" && reader.kind === "record")
    return judgeFields(judgement, writer, reader, path).map(({ index, written, read }) =>
      part(written.type, read.type, "fields", index, "type"),
    );
  return [];
}

function nameOf(type: AvroType): string {
  return "name" in type ? `${type.kind} ${type.name}` : type.kind;
}

/** Logical types do not choose the branch: readers that follow the specification do not look at them. */
function branchFor(
  { spend, tell }: Judgement,
  writer: AvroType,
  reader: AvroUnion,
  path: Path,
): { readonly branch: AvroType; readonly index: number } | undefined {
  spend(reader.branches.length);
  const index = matchingBranch(writer, reader, fits);
  const branch = reader.branches[index];
  if (branch !== undefined) return { branch, index };
  tell("UNION_BRANCH_REMOVED", path, `no branch of the union reads ${nameOf(writer)}`);
  return undefined;
}

function judgeNames(
  { tell, spend }: Judgement,
  writer: AvroNamedType,
  reader: AvroNamedType,
  path: Path,
): void {
  spend(reader.aliases.length);
  if (isSameName(writer, reader)) return;
  const message = `${writer.name} is read as ${reader.name}`;
  if (writer.simpleName !== reader.simpleName) tell("NAME_CHANGED", below(path, "name"), message);
  else
    tell(
      "NAMESPACE_CHANGED",
      below(path, "name"),
      `${message}, which readers that compare full names refuse`,
    );
}

function judgeSymbols(
  { tell, spend, symbols }: Judgement,
  writer: AvroEnum,
  reader: AvroEnum,
  path: Path,
): void {
  spend(writer.symbols.length / symbolsPerStep);
  const known = symbols.get(reader) ?? new Set(reader.symbols);
  symbols.set(reader, known);
  const missing = writer.symbols.filter((symbol) => !known.has(symbol));
  if (missing.length === 0) return;
  const named = `${missing.slice(0, maxSymbolsTold).join(", ")}${missing.length > maxSymbolsTold ? ", …" : ""}`;
  if (reader.default === undefined)
    tell("ENUM_SYMBOL_REMOVED", below(path, "symbols"), `${named} cannot be read`);
  else
    tell("ENUM_SYMBOL_READ_AS_DEFAULT", below(path, "symbols"), `${named} will be read as ${reader.default}`);
}

const maxSymbolsTold = 10;

interface FieldPair {
  readonly index: number;
  readonly written: AvroField;
  readonly read: AvroField;
}

/** By name first, then by alias; what two fields lay claim to is told of, because readers differ in who gets it. */
function judgeFields(
  { tell, spend }: Judgement,
  writer: AvroRecord,
  reader: AvroRecord,
  path: Path,
): readonly FieldPair[] {
  spend(writer.fields.length + reader.fields.length);
  const byName = new Map(writer.fields.map((field) => [field.name, field]));
  const claimed = new Map<AvroField, AvroField>();
  return reader.fields.flatMap((read, index): FieldPair[] => {
    spend(read.aliases.length);
    const at = below(path, "fields", index);
    const found = new Set([read.name, ...read.aliases].flatMap((name) => byName.get(name) ?? []));
    const [written, other] = found;
    if (written === undefined) {
      if (!read.hasDefault)
        tell("FIELD_WITHOUT_DEFAULT", at, `${read.name} was not written and has no default`);
      return [];
    }
    const rival = claimed.get(written);
    claimed.set(written, rival ?? read);
    if (other !== undefined)
      tell("FIELD_AMBIGUOUS", at, `${read.name} may be read from ${written.name} or ${other.name}`);
    else if (rival !== undefined)
      tell("FIELD_AMBIGUOUS", at, `${written.name} may be read as ${rival.name} or ${read.name}`);
    return [{ index, written, read }];
  });
}
