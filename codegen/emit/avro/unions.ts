import type { AvroNamedType, AvroRecord, AvroType, AvroUnion } from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import { avroPath, freeName, memberTypeName } from "../../model/names.ts";
import { compare } from "../../model/order.ts";
import type { FileScope } from "../file-scope.ts";

/** A union whose values say their kind, which Avro gives no name: here it has one. */
export interface UnionAlias {
  readonly union: AvroUnion;
  /** The file of the record that holds it. */
  readonly path: string;
  /** What handlers get. */
  readonly value: string;
  /** What senders write; the same name where no record is in it. */
  readonly init: string;
  /** What it belongs to, as a comment says it. */
  readonly of: string;
}

/** A file of Avro types under construction. */
export interface AvroScope extends FileScope {
  /** Of every record. */
  readonly unions: ReadonlyMap<AvroUnion, UnionAlias>;
  /** Of the record of this file. */
  readonly ownUnions: readonly UnionAlias[];
}

/**
 * A name for each such union, after the field that holds it: so it stays when branches are reordered, added or removed.
 * @param exportedNames what the file of a type exports besides
 */
export function nameUnions(
  types: readonly AvroNamedType[],
  exportedNames: (type: AvroNamedType) => readonly string[],
): ReadonlyMap<AvroUnion, UnionAlias> {
  const named = types.flatMap((type) => (type.kind === "record" ? aliasesOf(type, exportedNames(type)) : []));
  return new Map(named.map((alias) => [alias.union, alias]));
}

interface Found {
  readonly union: AvroUnion;
  /** From the record to the union, which no two have in common. */
  readonly path: readonly string[];
  readonly of: string;
}

function aliasesOf(record: AvroRecord, exported: readonly string[]): readonly UnionAlias[] {
  const taken = new Set(exported);
  const take = (wanted: string): string => {
    const name = freeName(wanted, taken);
    taken.add(name);
    return name;
  };
  const found = record.fields.flatMap(({ name, type }) =>
    unionsIn({ type, path: [name], of: `\`${record.simpleName}.${name}\`` }),
  );
  // By name, so that who gets a name that two want does not hang on the order of fields.
  return found
    .sort((left, right) => compare(left.path.join("."), right.path.join(".")))
    .map(({ union, path, of }) => {
      const value = take(memberTypeName(record.simpleName, path));
      const init = holdsRecord(union) ? take(`${memberTypeName(record.simpleName, path)}Init`) : value;
      return { union, path: avroPath(record), value, init, of };
    });
}

/** The unions of a type down to the next name, each with the way to it. */
function unionsIn({ type, path, of }: Omit<Found, "union"> & { readonly type: AvroType }): readonly Found[] {
  if (type.kind === "array")
    return unionsIn({ type: type.items, path: [...path, "item"], of: `an item of ${of}` });
  if (type.kind === "map")
    return unionsIn({ type: type.values, path: [...path, "item"], of: `a value of ${of}` });
  if (type.kind !== "union") return [];
  const isTagged = unionShape(type).kind === "tagged";
  const inner = type.branches.flatMap((branch) =>
    unionsIn({ type: branch, path: isTagged ? [...path, branch.kind] : path, of }),
  );
  return isTagged ? [{ union: type, path, of }, ...inner] : inner;
}

/** Records are written with their defaults left out. */
function holdsRecord(type: AvroType): boolean {
  if (type.kind === "array") return holdsRecord(type.items);
  if (type.kind === "map") return holdsRecord(type.values);
  return type.kind === "union" ? type.branches.some(holdsRecord) : type.kind === "record";
}
