import type { AvroType, AvroUnion } from "./model.ts";

/**
 * How a union shows itself in TypeScript.
 * - `nullable`: null and one other branch; the value is `T | null`.
 * - `single`: one branch; the value is that branch's value itself.
 * - `tagged`: `{ kind, value }`, and bare `null` for a null branch. `kinds[i]` is the `kind` of branch i.
 */
export type UnionShape =
  | { readonly kind: "nullable"; readonly branch: number; readonly nullBranch: number }
  | { readonly kind: "single" | "tagged"; readonly kinds: readonly string[] };

/** The one place that decides a union's shape, so that printed types and interpreted values agree. */
export function unionShape(union: AvroUnion): UnionShape {
  const { branches } = union;
  const nullBranch = branches.findIndex((branch) => branch.kind === "null");
  if (branches.length === 2 && nullBranch >= 0)
    return { kind: "nullable", branch: 1 - nullBranch, nullBranch };
  return { kind: branches.length === 1 ? "single" : "tagged", kinds: kindsOf(branches) };
}

/** Shortest unique names. They depend on the set of branches only, so reordering changes none. */
function kindsOf(branches: readonly AvroType[]): readonly string[] {
  const uses = new Map<string, number>();
  for (const branch of branches)
    for (const name of endingsOf(branch)) uses.set(name, (uses.get(name) ?? 0) + 1);
  return branches.map((branch) => {
    const endings = endingsOf(branch);
    return endings.find((name) => uses.get(name) === 1) ?? endings.at(-1) ?? branch.kind;
  });
}

/** Endings of a full name at its dots, shortest first: `C`, `b.C`, `a.b.C`. */
function endingsOf(type: AvroType): readonly string[] {
  if (!("name" in type)) return [type.kind];
  const parts = type.name.split(".");
  return parts.map((_, index) => parts.slice(parts.length - 1 - index).join("."));
}

const reservedProperties: ReadonlySet<string> = new Set([
  "__proto__",
  "constructor",
  "toJSON",
  "toString",
  "valueOf",
]);

/**
 * The property of the generated interface that holds a field: the field's name, with a `$` behind the names
 * that JavaScript itself looks up on every object. No Avro name contains `$`, so nothing can clash.
 */
export function propertyName(field: string): string {
  return reservedProperties.has(field) ? `${field}$` : field;
}
