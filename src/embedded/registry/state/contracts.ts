import type { GuidRule } from "../../../schema/guid.ts";
import { flag, listOf, mapOf, part, text } from "../members.ts";
import { refusals } from "../refusals.ts";
import type { RuleSet, SchemaMetadata } from "./state.ts";

/** Metadata and rules of a schema: read, merged, shown. Rules are kept for clients and never run. */

export function readMetadata(value: unknown): SchemaMetadata {
  return {
    ...part(value, "tags", mapOf(listOf(text))),
    ...part(value, "properties", mapOf(text)),
    ...part(value, "sensitive", listOf(text)),
  };
}

const evolution: ReadonlySet<string> = new Set(["UPGRADE", "DOWNGRADE", "UPDOWN"]);
const passage: ReadonlySet<string> = new Set(["WRITE", "READ", "WRITEREAD"]);
const kinds: ReadonlySet<string> = new Set(["TRANSFORM", "CONDITION"]);
const places: ReadonlySet<string> = new Set(["ALL", "CLIENT", "GATEWAY", "SERVER", "NONE"]);
const lists = [
  ["migrationRules", evolution],
  ["domainRules", passage],
  ["encodingRules", passage],
] as const;

/** @throws RegistryRefusal 42210 */
export function readRuleSet(value: unknown): RuleSet {
  const names = new Set<string>();
  const readList = (key: (typeof lists)[number][0], modes: ReadonlySet<string>): object =>
    part(
      value,
      key,
      listOf((one) => readRule(one, modes, names)),
    );
  const ruleSet: RuleSet = {
    ...Object.assign({}, ...lists.map(([key, modes]) => readList(key, modes))),
    ...part(value, "enableAt", text),
  };
  if (ruleSet.enableAt !== undefined && !places.has(ruleSet.enableAt))
    throw refusals.invalidRuleSet(`enableAt is one of ${[...places].join(", ")}`);
  return ruleSet;
}

const nameForm = /^[\p{L}_][\p{L}\p{Nd}_-]{0,63}$/u;

function readRule(value: unknown, modes: ReadonlySet<string>, names: Set<string>): GuidRule {
  const rule: GuidRule = {
    ...part(value, "name", text),
    ...part(value, "doc", text),
    ...part(value, "kind", text),
    ...part(value, "mode", text),
    ...part(value, "type", text),
    ...part(value, "tags", listOf(text)),
    ...part(value, "params", mapOf(text)),
    ...part(value, "expr", text),
    ...part(value, "onSuccess", text),
    ...part(value, "onFailure", text),
    ...part(value, "disabled", flag),
  };
  const { name = "", kind, mode } = rule;
  if (!nameForm.test(name)) throw refusals.invalidRuleSet(`${JSON.stringify(name)} is not a name`);
  if (names.has(name)) throw refusals.invalidRuleSet(`the rule '${name}' stands there twice`);
  if (kind !== undefined && !kinds.has(kind))
    throw refusals.invalidRuleSet(`the kind of '${name}' is one of ${[...kinds].join(", ")}`);
  if (mode !== undefined && !modes.has(mode))
    throw refusals.invalidRuleSet(`the mode of '${name}' is one of ${[...modes].join(", ")}`);
  names.add(name);
  return rule;
}

/** Later ones go before earlier ones, key by key. */
export function mergeMetadata(...given: readonly (SchemaMetadata | undefined)[]): SchemaMetadata | undefined {
  const present = given.filter((one) => one !== undefined);
  const [first, ...others] = present;
  if (first === undefined || others.length === 0) return first;
  const tags = new Map(present.flatMap((one) => [...(one.tags ?? [])]));
  const properties = new Map(present.flatMap((one) => [...(one.properties ?? [])]));
  const sensitive = [...new Set(present.flatMap((one) => one.sensitive ?? []))];
  return {
    ...(tags.size === 0 ? {} : { tags }),
    ...(properties.size === 0 ? {} : { properties }),
    ...(sensitive.length === 0 ? {} : { sensitive }),
  };
}

/** Later ones go before earlier ones, rule by rule of the same name. */
export function mergeRuleSets(...given: readonly (RuleSet | undefined)[]): RuleSet | undefined {
  const present = given.filter((one) => one !== undefined);
  const [first, ...others] = present;
  if (first === undefined || others.length === 0) return first;
  const merged = lists.map(([key]) => {
    const rules = new Map(present.flatMap((one) => one[key] ?? []).map((rule) => [rule.name, rule]));
    return rules.size === 0 ? {} : { [key]: [...rules.values()] };
  });
  const enableAt = present.findLast((one) => one.enableAt !== undefined)?.enableAt;
  return Object.assign({}, ...merged, enableAt === undefined ? {} : { enableAt }) as RuleSet;
}

/** Maps as objects, without what is empty. */
export function toPlainContract(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, one]) => [key, toPlainContract(one)]));
  if (Array.isArray(value)) return value.map(toPlainContract);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]) => [key, toPlainContract(one)] as const)
      .filter(([, one]) => typeof one !== "object" || one === null || Object.keys(one).length > 0),
  );
}
