import type { GuidParts, GuidRule } from "../schema/guid.ts";
import { member, readReferences } from "./answers.ts";

/**
 * What a version's answer says that its GUID covers. Undefined when any of it is not as expected: a GUID of half the
 * parts would name another schema.
 * @throws KeryxError `registry_error`, `schema_invalid` when the references are unreadable or too many
 */
export function readGuidParts(body: unknown, id: number): GuidParts | undefined {
  const schema = member(body, "schema");
  const metadata = optional(member(body, "metadata"), readMetadata);
  const ruleSet = optional(member(body, "ruleSet"), readRuleSet);
  if (typeof schema !== "string" || metadata === invalid || ruleSet === invalid) return undefined;
  const references = readReferences(body, id);
  return { schema, references, ...defined({ metadata }), ...defined({ ruleSet }) };
}

const invalid = Symbol("invalid");
type Metadata = NonNullable<GuidParts["metadata"]>;
type RuleSet = NonNullable<GuidParts["ruleSet"]>;
type Read<T> = T | typeof invalid;

/** Undefined stays undefined; what is there is read. */
function optional<T>(value: unknown, read: (value: unknown) => Read<T>): Read<T | undefined> {
  return value === undefined ? undefined : read(value);
}

function defined<T extends object>(one: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as never;
}

const text = (value: unknown): Read<string> => (typeof value === "string" ? value : invalid);
const flag = (value: unknown): Read<boolean> => (typeof value === "boolean" ? value : invalid);

const listOf =
  <T>(read: (value: unknown) => Read<T>) =>
  (value: unknown): Read<readonly T[]> => {
    if (!Array.isArray(value)) return invalid;
    const items = value.map(read);
    return items.some((one) => one === invalid) ? invalid : (items as readonly T[]);
  };

const mapOf =
  <T>(read: (value: unknown) => Read<T>) =>
  (value: unknown): Read<ReadonlyMap<string, T>> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return invalid;
    const entries = Object.entries(value).map(([key, one]) => [key, read(one)] as const);
    return entries.some(([, one]) => one === invalid) ? invalid : new Map(entries as [string, T][]);
  };

/** Reads the members that are named, and refuses those that are not: they would belong to the GUID, too. */
function readMembers<T>(
  value: unknown,
  readers: { readonly [K in keyof Required<T>]: (value: unknown) => Read<unknown> },
): Read<T> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return invalid;
  const found: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    const one = member(value, key);
    if (one === undefined) continue;
    if (!Object.hasOwn(readers, key)) return invalid;
    const read = readers[key as keyof T](one);
    if (read === invalid) return invalid;
    found.push([key, read]);
  }
  return Object.fromEntries(found) as T;
}

const readMetadata = (value: unknown): Read<Metadata> =>
  readMembers<Metadata>(value, {
    tags: mapOf(listOf(text)),
    properties: mapOf(text),
    sensitive: listOf(text),
  });

const readRule = (value: unknown): Read<GuidRule> =>
  readMembers<GuidRule>(value, {
    ...{ name: text, doc: text, kind: text, mode: text, type: text },
    ...{ tags: listOf(text), params: mapOf(text), expr: text },
    ...{ onSuccess: text, onFailure: text, disabled: flag },
  });

const readRuleSet = (value: unknown): Read<RuleSet> => {
  const rules = listOf(readRule);
  return readMembers<RuleSet>(value, {
    migrationRules: rules,
    domainRules: rules,
    encodingRules: rules,
    enableAt: text,
  });
};
