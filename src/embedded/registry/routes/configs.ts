import { type CompatibilityLevel, compatibilityLevels } from "../../../core/event.ts";
import { type Call, isAsked, json, type Route } from "../http/route.ts";
import { badRequest, flag, text } from "../members.ts";
import { refusals } from "../refusals.ts";
import { readMetadata, readRuleSet, toPlainContract } from "../state/contracts.ts";
import { formatSubject, type SubjectName } from "../state/names.ts";
import {
  configAt,
  configInForce,
  isReadOnly,
  modeInForce,
  type SettingPlace,
  setConfig,
} from "../state/settings.ts";
import type { SubjectConfig } from "../state/state.ts";
import { subjectOf } from "./reading.ts";

function readLevel(value: unknown): CompatibilityLevel {
  const wanted = typeof value === "string" ? value.toUpperCase() : "";
  const found = compatibilityLevels.find((one) => one === wanted);
  if (found === undefined) throw refusals.invalidLevel();
  return found;
}

const readers: { readonly [K in keyof SubjectConfig]-?: (value: unknown, name: string) => unknown } = {
  compatibility: readLevel,
  ...{ alias: text, normalize: flag, validateFields: flag, validateNewSchemas: flag, validateRules: flag },
  ...{ compatibilityPolicy: text, compatibilityGroup: text },
  ...{ defaultMetadata: readMetadata, overrideMetadata: readMetadata },
  ...{ defaultRuleSet: readRuleSet, overrideRuleSet: readRuleSet },
};

/** What a body changes: absent members stay as they are, null takes a setting away. */
function changed(before: SubjectConfig, body: unknown): SubjectConfig {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("the body is a JSON object");
  const after = new Map<string, unknown>(Object.entries(before));
  for (const [name, read] of Object.entries(readers)) {
    if (!Object.hasOwn(body, name)) continue;
    const value: unknown = (body as Readonly<Record<string, unknown>>)[name];
    if (value === null) after.delete(name);
    else after.set(name, read(value, name));
  }
  return Object.fromEntries(after);
}

/** Answers name the level otherwise than requests do. */
function show({ compatibility, ...others }: SubjectConfig): object {
  const level = compatibility === undefined ? {} : { compatibilityLevel: compatibility };
  return { ...level, ...(toPlainContract(others) as object) };
}

function update(call: Call, place: SettingPlace): object {
  const { state } = call.registry;
  if (isReadOnly(modeInForce(state, place)))
    throw refusals.notPermitted(`${placeText(place)} is in read-only mode`);
  const before = configAt(state, place) ?? {};
  const after = changed(before, call.body);
  setConfig(state, place, Object.keys(after).length === 0 ? undefined : after);
  // Echoes the request, in the request's own words.
  const echoed = Object.keys(readers).filter((name) => Object.hasOwn(call.body as object, name));
  const entries = Object.entries(after).filter(([name]) => echoed.includes(name));
  return toPlainContract(Object.fromEntries(entries)) as object;
}

const placeText = (place: SettingPlace): string =>
  place === undefined ? "The registry" : `Subject ${formatSubject(place)}`;

function read(call: Call, name: SubjectName): object {
  const { state, options } = call.registry;
  if (isAsked(call, "defaultToGlobal")) return show(configInForce(state, name, options.compatibility));
  const own = configAt(state, name);
  if (own === undefined) throw refusals.levelNotSet(formatSubject(name));
  return show(own);
}

function remove(call: Call, name: SubjectName): object {
  const own = configAt(call.registry.state, name);
  if (own === undefined) throw refusals.subjectNotFound(formatSubject(name));
  setConfig(call.registry.state, name, undefined);
  return show(own);
}

const path = "/config/{subject}";

export const configRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/config",
    handle: ({ registry: { state, options } }) =>
      json(show(configInForce(state, undefined, options.compatibility))),
  },
  { method: "PUT", path: "/config", handle: (call) => json(update(call, undefined)) },
  {
    method: "DELETE",
    path: "/config",
    handle({ registry: { state, options } }) {
      const before = configInForce(state, undefined, options.compatibility);
      setConfig(state, undefined, undefined);
      return json(show(before));
    },
  },
  { method: "GET", path, handle: (call) => json(read(call, subjectOf(call))) },
  { method: "PUT", path, handle: (call) => json(update(call, subjectOf(call))) },
  { method: "DELETE", path, handle: (call) => json(remove(call, subjectOf(call))) },
];
