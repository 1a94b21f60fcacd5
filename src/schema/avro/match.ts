import type { AvroLogical, AvroNamedType, AvroRecord, AvroType, AvroUnion } from "./model.ts";

type Kind = AvroType["kind"];

/** What data of the first kind may be read as, besides itself. */
const promotions: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/** True when data of one kind may be read as another, or is of that kind. */
export function isReadableAs(writer: Kind, reader: Kind): boolean {
  return writer === reader || promotions[writer]?.includes(reader) === true;
}

/** True when data of `writer` may be read as `reader`, their parts and logical types aside. Neither is a union. */
export function fits(writer: AvroType, reader: AvroType): boolean {
  if (writer.kind !== reader.kind) return isReadableAs(writer.kind, reader.kind);
  if (!("name" in writer) || !("name" in reader)) return true;
  if (writer.kind === "fixed" && reader.kind === "fixed" && writer.size !== reader.size) return false;
  return isSameName(writer, reader) || writer.simpleName === reader.simpleName;
}

/** As `fits`, and the logical types do not contradict each other. */
export function matches(writer: AvroType, reader: AvroType): boolean {
  return !logicalsClash(writer.logical, reader.logical) && fits(writer, reader);
}

/** The full name, or one that the reader takes for it. */
export function isSameName(writer: AvroNamedType, reader: AvroNamedType): boolean {
  return writer.name === reader.name || reader.aliases.includes(writer.name);
}

/**
 * The branch of a reader's union that data of `writer` belongs to, or -1. The same type is preferred to one of the same
 * simple name, and that to a promotion: an int stays an int where the union has both int and long.
 */
export function matchingBranch(
  writer: AvroType,
  reader: AvroUnion,
  canRead: (writer: AvroType, reader: AvroType) => boolean = matches,
): number {
  const isExact = (branch: AvroType): boolean =>
    branch.kind === writer.kind && (!("name" in branch) || !("name" in writer) || isSameName(writer, branch));
  const tests = [isExact, (branch: AvroType) => branch.kind === writer.kind, () => true];
  for (const test of tests) {
    const found = reader.branches.findIndex((branch) => test(branch) && canRead(writer, branch));
    if (found >= 0) return found;
  }
  return -1;
}

// Resolution by the specification looks at the underlying types alone. Then milliseconds would be read as microseconds
// and cents as tenths of a cent: valid, and wrong by a factor. Such pairs are refused instead.
export function logicalsClash(writer: AvroLogical | undefined, reader: AvroLogical | undefined): boolean {
  if (writer === undefined || reader === undefined) return false;
  if (writer.kind === "decimal" && reader.kind === "decimal") return writer.scale !== reader.scale;
  return unitOf(writer) !== unitOf(reader);
}

function unitOf({ kind }: AvroLogical): string {
  return kind.startsWith("local-") ? kind.slice("local-".length) : kind;
}

/** For each field of the writer, the position of the reader's field that takes it: by name first, then by alias. */
export function fieldSlots(writer: AvroRecord, reader: AvroRecord): readonly number[] {
  const byName = new Map(reader.fields.map((field, slot) => [field.name, slot]));
  const byAlias = new Map(
    reader.fields.flatMap((field, slot) => field.aliases.map((alias) => [alias, slot])),
  );
  const taken = new Set(writer.fields.map(({ name }) => byName.get(name)));
  return writer.fields.map(({ name }) => {
    const named = byName.get(name);
    if (named !== undefined) return named;
    const aliased = byAlias.get(name);
    if (aliased === undefined || taken.has(aliased)) return -1;
    taken.add(aliased);
    return aliased;
  });
}
