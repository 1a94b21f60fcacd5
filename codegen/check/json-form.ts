import type { Direction } from "../../src/compatibility/difference.ts";

/** How values of a type look as JSON, where names are the encoding. Both formats are brought to this form. */
export type JsonForm =
  | { readonly kind: "plain"; readonly as: string }
  | { readonly kind: "list" | "map"; readonly of: JsonForm }
  | { readonly kind: "object"; readonly identity: object; fields(): readonly JsonField[] }
  | {
      readonly kind: "enum";
      readonly identity: object;
      /** Numbers by name, in the order of the schema. */
      readonly names: ReadonlyMap<string, number>;
      readonly path: string;
    }
  /** A value in an object that names its type. */
  | { readonly kind: "tagged"; readonly branches: ReadonlyMap<string, JsonBranch> };

export interface JsonField {
  /** What makes it the same field in another schema, best first. */
  readonly ids: readonly string[];
  /** Absent where a field goes by its name in the binary form, too: then that is judged as the wire. */
  readonly name?: string;
  readonly form: JsonForm;
  /** As the engine writes paths. */
  readonly path: string;
}

export interface JsonBranch {
  readonly tag: string;
  readonly form: JsonForm;
}

/** Something that the readers of one schema do not find as they look for it in the JSON of another. */
export interface JsonBreak {
  readonly path: string;
  /** What is broken, by names and numbers that do not move where others come or go before them. */
  readonly key: string;
  /** A sentence about it. */
  readonly message: string;
}

interface Pair {
  readonly old: JsonForm;
  readonly now: JsonForm;
  readonly path: string;
  readonly key: string;
}

/**
 * What a newer schema changes in the JSON of an older one. New code reads old JSON in any case, since that stays in the
 * topic; with the direction `forward` old code reads new JSON as well, and most of what breaks the one breaks the other.
 */
export function* jsonBreaks(
  old: JsonForm,
  now: JsonForm,
  directions: readonly Direction[],
): Generator<JsonBreak> {
  const seen = new Map<object, Set<object>>();
  const isNew = (left: object, right: object): boolean => {
    const known = seen.get(left) ?? new Set();
    seen.set(left, known);
    return known.size !== known.add(right).size;
  };
  const open: Pair[] = [{ old, now, path: "", key: "" }];
  // A list goes on over what is added meanwhile: types that hold themselves are no recursion.
  for (const pair of open) {
    const { old, now, path, key } = pair;
    if ((old.kind === "list" || old.kind === "map") && now.kind === old.kind)
      open.push({ ...pair, old: old.of, now: now.of });
    else if (old.kind === "object" && now.kind === "object") {
      if (isNew(old.identity, now.identity)) yield* fieldBreaks(old.fields(), now.fields(), key, open);
    } else if (old.kind === "enum" && now.kind === "enum") {
      if (isNew(old.identity, now.identity)) yield* enumBreaks(old, now, key, directions);
    } else if (old.kind === "tagged" && now.kind === "tagged") yield* branchBreaks(old, now, pair, open);
    else if (describe(old) !== describe(now))
      yield {
        path,
        key: `${key}:form`,
        message: `The value was ${describe(old)} and is now ${describe(now)}.`,
      };
  }
}

const quote = (name: string): string => JSON.stringify(name);

function* fieldBreaks(
  old: readonly JsonField[],
  now: readonly JsonField[],
  within: string,
  open: Pair[],
): Generator<JsonBreak> {
  const byId = new Map(old.flatMap((field) => field.ids.slice(0, 1).map((id) => [id, field])));
  const byName = new Map(old.map((field) => [field.name, field]));
  for (const field of now) {
    const { name, path, ids } = field;
    const inside = `${within}/${ids[0]}`;
    const before = ids.map((id) => byId.get(id)).find((one) => one !== undefined);
    if (before !== undefined) open.push({ old: before.form, now: field.form, path, key: inside });
    if (name === undefined || before?.name === name) continue;
    const key = `${inside}:name`;
    if (before !== undefined)
      yield { path, key, message: `The field ${quote(before.name ?? "")} is now called ${quote(name)}.` };
    else if (byName.has(name)) yield { path, key, message: `The name ${quote(name)} was another field's.` };
  }
}

type EnumForm = JsonForm & { readonly kind: "enum" };

function* enumBreaks(
  old: EnumForm,
  now: EnumForm,
  within: string,
  directions: readonly Direction[],
): Generator<JsonBreak> {
  const tell = (name: string, what: string): JsonBreak => ({
    path: now.path,
    key: `${within}:value:${name}`,
    message: `The enum value ${quote(name)} ${what}`,
  });
  const renamed = new Set<number>();
  for (const [name, number] of old.names) {
    if (now.names.get(name) === number) continue;
    const other = [...now.names].find(([, one]) => one === number)?.[0];
    renamed.add(number);
    yield tell(name, other === undefined ? "is gone." : `is now called ${quote(other)}.`);
  }
  for (const [name, number] of directions.includes("forward") ? now.names : [])
    if (!old.names.has(name) && !renamed.has(number))
      yield tell(name, "is new: code with the older schema does not know it.");
}

type TaggedForm = JsonForm & { readonly kind: "tagged" };

function* branchBreaks(
  old: TaggedForm,
  now: TaggedForm,
  { path, key }: Pair,
  open: Pair[],
): Generator<JsonBreak> {
  for (const [id, { tag, form }] of old.branches) {
    const branch = now.branches.get(id);
    if (branch === undefined) continue;
    const inside = `${key}/${id}`;
    open.push({ old: form, now: branch.form, path, key: inside });
    if (branch.tag !== tag)
      yield {
        ...{ path, key: `${inside}:tag` },
        message: `The branch ${quote(tag)} is now called ${quote(branch.tag)}.`,
      };
  }
}

function describe(form: JsonForm): string {
  switch (form.kind) {
    case "plain":
      return form.as;
    case "enum":
      return "the name of an enum value";
    case "tagged":
      return "an object that names the value's type";
    case "list":
      return "a list";
    default:
      return form.kind === "map" ? "a map" : "an object";
  }
}
