import type { AvroLogical, AvroNamedType, AvroType, AvroUnion } from "../schema/avro-model.ts";

type Kind = AvroType["kind"];

/** What data of the first kind may be read as, besides itself. */
const promotions: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/** True when data of `writer` may be read as `reader`, their parts aside. Neither is a union. */
export function matches(writer: AvroType, reader: AvroType): boolean {
  if (logicalsClash(writer.logical, reader.logical)) return false;
  if (writer.kind !== reader.kind) return promotions[writer.kind]?.includes(reader.kind) === true;
  if (!("name" in writer) || !("name" in reader)) return true;
  if (writer.kind === "fixed" && reader.kind === "fixed" && writer.size !== reader.size) return false;
  return isSameName(writer, reader) || writer.simpleName === reader.simpleName;
}

function isSameName(writer: AvroNamedType, reader: AvroNamedType): boolean {
  return writer.name === reader.name || reader.aliases.includes(writer.name);
}

/**
 * The branch of a reader's union that data of `writer` belongs to, or -1. The same type is preferred to one of the same
 * simple name, and that to a promotion: an int stays an int where the union has both int and long.
 */
export function matchingBranch(writer: AvroType, reader: AvroUnion): number {
  const isExact = (branch: AvroType): boolean =>
    branch.kind === writer.kind && (!("name" in branch) || !("name" in writer) || isSameName(writer, branch));
  const tests = [isExact, (branch: AvroType) => branch.kind === writer.kind, () => true];
  for (const test of tests) {
    const found = reader.branches.findIndex((branch) => test(branch) && matches(writer, branch));
    if (found >= 0) return found;
  }
  return -1;
}

// Resolution by the specification looks at the underlying types alone. Then milliseconds would be read as microseconds
// and cents as tenths of a cent: valid, and wrong by a factor. Such pairs are refused instead.
function logicalsClash(writer: AvroLogical | undefined, reader: AvroLogical | undefined): boolean {
  if (writer === undefined || reader === undefined) return false;
  if (writer.kind === "decimal" && reader.kind === "decimal") return writer.scale !== reader.scale;
  return unitOf(writer) !== unitOf(reader);
}

function unitOf({ kind }: AvroLogical): string {
  return kind.startsWith("local-") ? kind.slice("local-".length) : kind;
}

/** True when both describe the same bytes with the same meaning, so that the reader's own codec reads the writer's data. */
export function isSameEncoding(writer: AvroType, reader: AvroType): boolean {
  const seen = new Map<AvroType, Set<AvroType>>();
  const open: [AvroType, AvroType][] = [[writer, reader]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair;
    const known = seen.get(one) ?? new Set();
    if (known.has(other)) continue;
    seen.set(one, known.add(other));
    if (!isSameNode(one, other)) return false;
    const [parts, others] = [partsOf(one), partsOf(other)];
    if (parts.length !== others.length) return false;
    for (const [index, part] of parts.entries()) {
      const counterpart = others[index];
      if (counterpart !== undefined) open.push([part, counterpart]);
    }
  }
  return true;
}

function isSameNode(one: AvroType, other: AvroType): boolean {
  if (one.kind !== other.kind || logicalsClash(one.logical, other.logical)) return false;
  if ("name" in one && "name" in other && one.name !== other.name) return false;
  if (one.kind === "record" && other.kind === "record")
    return isSameList(
      one.fields.map(({ name }) => name),
      other.fields.map(({ name }) => name),
    );
  if (one.kind === "enum" && other.kind === "enum") return isSameList(one.symbols, other.symbols);
  return one.kind !== "fixed" || other.kind !== "fixed" || one.size === other.size;
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function partsOf(type: AvroType): readonly AvroType[] {
  switch (type.kind) {
    case "record":
      return type.fields.map((field) => field.type);
    case "union":
      return type.branches;
    case "array":
      return [type.items];
    case "map":
      return [type.values];
    default:
      return [];
  }
}
