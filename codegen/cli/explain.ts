import { toRetryTopic } from "../../src/core/topic-names.ts";
import { showDuration, showJson, showText } from "../diagnostics-print.ts";
import { planMessages } from "../emit/protobuf/codec.ts";
import { longsOf } from "../model/longs.ts";
import {
  type EventModel,
  type FieldPath,
  isRegistered,
  type Origin,
  type ProjectModel,
  type Sourced,
} from "../model/model.ts";
import type { Run } from "./command.ts";
import { findEvent } from "./find-event.ts";
import { loadClean, type OpenProject, openProject } from "./load.ts";

/** One line of the explanation. `value` is null when nothing is declared and there is no default. */
export interface Explanation {
  readonly name: string;
  readonly value: string | boolean | readonly string[] | null;
  readonly from: Origin;
}

type Place = Pick<OpenProject, "prefix" | "placeOfSetting">;

const absent = (why: string): { value: null; from: Origin } => ({
  value: null,
  from: { kind: "default", why },
});

function path(option: Sourced<FieldPath> | undefined, otherwise: string): Omit<Explanation, "name"> {
  return option ? { value: option.value.text, from: option.from } : absent(otherwise);
}

/** How the generated code encodes it; the reason is the one that the manifest of the output names. */
function codecOf(event: EventModel, model: ProjectModel): Omit<Explanation, "name"> {
  const reason = planMessages(model).fallbacks.get(event.name);
  return reason === undefined
    ? { value: "straight-line", from: { kind: "default", why: "all that it can hold is in the fast subset" } }
    : { value: "protobuf-es", from: { kind: "default", why: `the fallback, because ${reason}` } };
}

/** How longs are held; Protobuf says it itself. */
function longsLine(event: EventModel): Explanation {
  const value = longsOf(event).map(([field, form]) => `${field}:${form}`);
  const why = event.format === "avro" ? "all are bigints" : "bigints, or text by `jstype`";
  return {
    name: "longs",
    value,
    from: value.length > 0 ? { kind: "schema", at: event.at } : { kind: "default", why },
  };
}

/** The policy of an event, value by value, and what follows from its schema. */
function explainEvent(event: EventModel, model: ProjectModel): readonly Explanation[] {
  const { options, sensitive, at } = event;
  const { retryDelaysMs, owner } = options;
  const delays = retryDelaysMs.value.map(showDuration);
  return [
    { name: "type", ...options.type },
    { name: "topic", ...options.topic },
    { name: "key", ...path(options.key, "no key: records are spread over the partitions") },
    { name: "id", ...path(options.id, "a generated UUIDv7 in the message-id header") },
    { name: "time", ...path(options.time, "the time of sending") },
    { name: "retry", value: delays, from: retryDelaysMs.from },
    {
      name: "retry-topics",
      value: delays.map((_, stage) => toRetryTopic(options.topic.value, stage + 1, { naming: "topic" })),
      from: retryDelaysMs.from,
    },
    { name: "dead-letter", ...options.deadLetter },
    { name: "compatibility", ...options.compatibility },
    { name: "serialization", ...options.serialization },
    isRegistered(event)
      ? { name: "subject", ...options.subject }
      : { name: "subject", ...absent("JSON: nothing is registered") },
    { name: "ordered", ...options.ordered },
    { name: "owner", ...(owner ?? absent("nobody is named")) },
    {
      name: "sensitive",
      value: sensitive,
      from: sensitive.length > 0 ? { kind: "schema", at } : { kind: "default", why: "no field is marked" },
    },
    longsLine(event),
    { name: "codec", ...codecOf(event, model) },
  ];
}

/** Schema and settings by place, the rest by reason. */
function showOrigin(origin: Origin, { prefix, placeOfSetting }: Place): string {
  switch (origin.kind) {
    case "schema":
      return `${prefix}${origin.at.file}:${origin.at.line}:${origin.at.column}`;
    case "config":
      return `${placeOfSetting(origin.path) ?? "keryx.yaml"} ${origin.path}`;
    case "lock":
      return "schemas.lock.json";
    case "default":
      return `default: ${origin.why}`;
  }
}

/** Columns without spaces in them, so that `awk` can read the first two. */
function showValue(value: Explanation["value"]): string {
  if (value === null || value === "" || (typeof value === "object" && value.length === 0)) return "-";
  const text = typeof value === "object" ? value.join(",") : String(value);
  return /\s/.test(text) ? JSON.stringify(text) : text;
}

function formatExplanation(event: EventModel, model: ProjectModel, place: Place): string {
  const lines = explainEvent(event, model).map(({ name, value, from }) => [
    name,
    showText(showValue(value)),
    showText(showOrigin(from, place)),
  ]);
  const width = (column: number): number => Math.max(...lines.map((line) => (line[column] ?? "").length));
  const widths = [width(0), width(1)];
  const rows = lines.map(([name = "", value = "", from = ""]) =>
    [name.padEnd(widths[0] ?? 0), value.padEnd(widths[1] ?? 0), from].join("  "),
  );
  const at = showOrigin({ kind: "schema", at: event.at }, place);
  return `${showText(event.name)} ${event.format} ${showText(at)}\n${rows.join("\n")}\n`;
}

export const runExplain: Run = async ({ arguments: [name = ""], options, io }) => {
  const project = openProject(options, io);
  const checked = await loadClean(project, io);
  if (checked === undefined) return 1;
  const event = findEvent(checked.model, name);
  if (!options.json) {
    io.out(formatExplanation(event, checked.model, project));
    return 0;
  }
  const { format, at } = event;
  const values = explainEvent(event, checked.model).map(({ from, ...rest }) => ({
    ...rest,
    from: { kind: from.kind, text: showOrigin(from, project) },
  }));
  const place = { file: `${project.prefix}${at.file}`, line: at.line, column: at.column };
  io.out(`${showJson({ event: event.name, format, ...place, values })}\n`);
  return 0;
};
