import { toDurationMs } from "../../src/core/duration.ts";
import { type CompatibilityLevel, compatibilityLevels, type Serialization } from "../../src/core/event.ts";
import { suggest } from "../../src/core/suggest.ts";
import { type Diagnostic, type RuleId, report, type Span } from "../diagnostics.ts";
import type { DeclaredOptions } from "./loaded.ts";
import type { Origin, Sourced } from "./model.ts";

/** How the subjects of a topic's events are named. */
export type SubjectStrategy = "topic-name" | "record-name" | "topic-record-name";

/** Defaults of a folder, a topic or the whole project, as `keryx.yaml` states them. */
export interface EventDefaults {
  readonly topic?: string | undefined;
  readonly retry?: { readonly delays?: readonly (string | number)[] | undefined } | undefined;
  readonly compatibility?: CompatibilityLevel | undefined;
  readonly owner?: string | undefined;
  readonly partitions?: number | undefined;
  readonly subjectStrategy?: SubjectStrategy | undefined;
}

/** The part of `keryx.yaml` that the model reads; folders by their path below the schema root. */
export interface ModelSettings {
  readonly defaults?: EventDefaults | undefined;
  readonly folders?: Readonly<Record<string, EventDefaults>> | undefined;
  readonly topics?: Readonly<Record<string, EventDefaults>> | undefined;
}

/** The options of one event as declared; both formats read into this. */
export interface EventDeclaration {
  readonly type?: string;
  readonly topic?: string;
  readonly key?: string;
  readonly id?: string;
  readonly time?: string;
  readonly compatibility?: CompatibilityLevel;
  readonly retry?: { readonly delays: readonly string[] };
  readonly deadLetter?: string;
  readonly owner?: string;
  readonly ordered?: boolean;
  readonly serialization?: "BINARY" | "JSON";
  /** How Avro is written as JSON; Protobuf has one mapping only. */
  readonly json?: "plain" | "avro";
}

/** Reads one option: its value, or a sentence about what is wrong with it. */
type Reader = (value: unknown) => { readonly value: unknown } | { readonly problem: string };

const text: Reader = (value) =>
  typeof value === "string" && value !== "" ? { value } : { problem: "must be a text that is not empty" };
const choice =
  (allowed: readonly string[]): Reader =>
  (value) =>
    typeof value === "string" && allowed.includes(value)
      ? { value }
      : { problem: `must be ${allowed.length > 1 ? "one of " : ""}${allowed.join(", ")}` };
const flag: Reader = (value) =>
  typeof value === "boolean" ? { value } : { problem: "must be true or false" };
const retry: Reader = (value) => {
  const problem = "must be an object with `delays`, a list of durations";
  if (!isObject(value) || Object.keys(value).some((key) => key !== "delays")) return { problem };
  const delays = Object.hasOwn(value, "delays") ? value["delays"] : [];
  if (!Array.isArray(delays) || !delays.every((delay) => typeof delay === "string")) return { problem };
  return { value: { delays } };
};

const readers: Readonly<Record<keyof EventDeclaration, Reader>> = {
  type: text,
  topic: text,
  key: text,
  id: text,
  time: text,
  compatibility: choice(compatibilityLevels),
  retry,
  deadLetter: text,
  owner: text,
  ordered: flag,
  serialization: choice(["BINARY", "JSON"]),
  json: choice(["plain", "avro"]),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownOption(key: string, at: Span): Diagnostic {
  const near = suggest(key, Object.keys(readers));
  const help =
    near === undefined ? `Options are ${Object.keys(readers).join(", ")}.` : `Did you mean \`${near}\`?`;
  return report("option-unknown", at, `The event has no option ${JSON.stringify(key)}.`, help);
}

/** Checks declared options. Where one is wrong it is left out, so that the rest can still be looked at. */
export function readDeclaration(declared: DeclaredOptions): {
  readonly declaration: EventDeclaration;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const found = new Map<string, unknown>();
  if (!isObject(declared.json))
    diagnostics.push(report("option-invalid", declared.at(), "The event option is not an object."));
  else
    for (const [key, value] of Object.entries(declared.json)) {
      const at = declared.at(key);
      const reader = Object.hasOwn(readers, key) ? readers[key as keyof EventDeclaration] : undefined;
      const result = reader?.(value);
      if (result === undefined) diagnostics.push(unknownOption(key, at));
      else if ("problem" in result)
        diagnostics.push(report("option-invalid", at, `The option \`${key}\` ${result.problem}.`));
      else found.set(key, result.value);
    }
  return { declaration: Object.fromEntries(found), diagnostics };
}

/** Milliseconds of a retry delay: a whole number with its unit. A bare `"30"` could be meant in seconds. */
export function toDelayMs(written: string | number): number | undefined {
  if (typeof written === "string" && !/^[0-9]+(?:ms|s|m|h)$/.test(written)) return undefined;
  const ms = toDurationMs(written);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Where a setting can come from, nearest first: the schema, the topic, its folders from inside out, the project. */
export interface Sources {
  readonly declaration: EventDeclaration;
  readonly declared: DeclaredOptions;
  readonly layers: readonly { readonly path: string; readonly defaults: EventDefaults }[];
}

/** The layers of `keryx.yaml` that speak for a file, nearest first; the topic's own comes first when it is known. */
export function layersOf(
  settings: ModelSettings,
  file: string,
  topic: string | undefined,
): Sources["layers"] {
  const layers: { path: string; defaults: EventDefaults }[] = [];
  const add = (path: string, defaults: EventDefaults | undefined): void => {
    if (defaults !== undefined) layers.push({ path, defaults });
  };
  const own = (
    record: Readonly<Record<string, EventDefaults>> | undefined,
    key: string,
  ): EventDefaults | undefined =>
    record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
  if (topic !== undefined) add(`topics.${topic}`, own(settings.topics, topic));
  const parts = file.split("/").slice(0, -1);
  for (let length = parts.length; length > 0; length--) {
    const folder = parts.slice(0, length).join("/");
    add(`folders.${folder}`, own(settings.folders, folder) ?? own(settings.folders, `${folder}/`));
  }
  add("defaults", settings.defaults);
  return layers;
}

/** An option that the schema itself declares; never one that somebody put on the prototype of all objects. */
export function ownOption<Key extends keyof EventDeclaration>(
  declaration: EventDeclaration,
  key: Key,
): EventDeclaration[Key] | undefined {
  return Object.hasOwn(declaration, key) ? declaration[key] : undefined;
}

/** The nearest value of a setting that `keryx.yaml` may hold too; undefined when nobody sets it. */
export function nearest<Key extends keyof EventDefaults>(
  sources: Sources,
  key: Key,
): Sourced<NonNullable<EventDefaults[Key]>> | undefined {
  const own = ownOption(sources.declaration, key as keyof EventDeclaration);
  if (own !== undefined)
    return {
      value: own as NonNullable<EventDefaults[Key]>,
      from: { kind: "schema", at: sources.declared.at(key) },
    };
  for (const { path, defaults } of sources.layers) {
    const value = Object.hasOwn(defaults, key) ? defaults[key] : undefined;
    if (value !== undefined && value !== null)
      return { value, from: { kind: "config", path: `${path}.${key}` } };
  }
  return undefined;
}

export function byDefault<T>(value: T, why: string): Sourced<T> {
  return { value, from: { kind: "default", why } };
}

const defaultDelaysMs = [1_000, 10_000, 60_000];

/** Retry delays in milliseconds. An ordered event that declares none has none: retry topics give up order. */
export function retryDelays(
  sources: Sources,
  ordered: Sourced<boolean>,
  finding: (rule: RuleId, at: Span | undefined, message: string) => void,
): Sourced<readonly number[]> {
  const isOwn = ownOption(sources.declaration, "retry") !== undefined;
  if (ordered.value && !isOwn) return byDefault([], "an ordered event has no retry topics");
  const retry = nearest(sources, "retry");
  if (retry?.value.delays === undefined || retry === undefined)
    return byDefault(defaultDelaysMs, "1 s, 10 s and 60 s");
  const delays: number[] = [];
  for (const written of retry.value.delays) {
    const delay = toDelayMs(written);
    if (delay === undefined)
      finding(
        "retry-delay-malformed",
        placeOf(retry.from),
        `${JSON.stringify(written)}${settingOf(retry.from)} is not a duration.`,
      );
    else delays.push(delay);
  }
  return { value: delays, from: retry.from };
}

/** What is written, from the two options that say it. */
export function serializationOf(
  serialization: Sourced<"BINARY" | "JSON"> | undefined,
  json: Sourced<"plain" | "avro"> | undefined,
  finding: (rule: RuleId, at: Span | undefined, message: string) => void,
): Sourced<Serialization> {
  if (json !== undefined && serialization?.value !== "JSON")
    finding(
      "option-conflict",
      placeOf(json.from),
      'The option `json` says how JSON is written, and the event is not written as JSON: add `"serialization": "JSON"`.',
    );
  if (json?.value === "avro" && serialization?.value === "JSON")
    return { value: "AVRO_JSON", from: json.from };
  return serialization ?? byDefault("BINARY", "the format's own encoding");
}

export function placeOf(origin: Origin): Span | undefined {
  return origin.kind === "schema" ? origin.at : undefined;
}

function settingOf(origin: Origin): string {
  return origin.kind === "config" ? ` (keryx.yaml, ${origin.path})` : "";
}
