import { showDuration } from "../../diagnostics-print.ts";
import { type EventModel, isRegistered, type ProjectModel, type TopicModel } from "../../model/model.ts";
import { compare } from "../../model/order.ts";
import { unseenCharacters } from "../literal.ts";
import { collectTypes, type FieldRow, type TypeSection, type TypeText } from "./types.ts";

/** The page that names every topic with its events, their policy, their fields and the types that they use. */
export function eventsPage(model: ProjectModel, notice: string): string {
  const types = collectTypes(model.events);
  const own = new Set(model.events.map(({ name }) => name));
  const others = [...types.values()]
    .filter(({ name }) => !own.has(name))
    .sort((a, b) => compare(a.name, b.name));
  const parts = [
    "# Events",
    notice,
    table(
      ["Topic", "Events"],
      model.topics.map((topic) => [
        link(topic.name),
        topic.events.map(({ options, name }) => `[${code(options.type.value)}](#${anchor(name)})`).join(", "),
      ]),
    ),
    ...model.topics.flatMap((topic) => topicParts(topic, types)),
    ...(others.length === 0 ? [] : ["## Types", ...others.flatMap(typeParts)]),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function topicParts(topic: TopicModel, types: ReadonlyMap<string, TypeSection>): readonly string[] {
  return [
    `<a id="${anchor(topic.name)}"></a>\n\n## ${text(topic.name)}`,
    ...topic.events.flatMap((event) => eventParts(event, types.get(event.name))),
  ];
}

function eventParts(event: EventModel, section: TypeSection | undefined): readonly string[] {
  const { options, name, deprecated } = event;
  const isDeprecated = deprecated !== undefined;
  return [
    `<a id="${anchor(name)}"></a>\n\n### ${text(options.type.value)}`,
    ...(isDeprecated ? [`**Deprecated.**${deprecated === true ? "" : ` ${text(deprecated)}`}`] : []),
    text(event.doc ?? ""),
    table(["Policy", "Value"], policyRows(event)),
    ...(section === undefined ? [] : sectionParts(section)),
  ];
}

function policyRows(event: EventModel): readonly (readonly string[])[] {
  const { options, format, name, sensitive } = event;
  const { retryDelaysMs, key, id, time, owner } = options;
  const delays = retryDelaysMs.value.map(showDuration).join(", ");
  return [
    ["Schema", `${format === "avro" ? "Avro" : "Protobuf"} ${code(name)}`],
    ["Written as", isRegistered(event) ? "binary, with a schema id in front" : "JSON, without a registry"],
    ...(isRegistered(event) ? [["Subject", code(options.subject.value)]] : []),
    ["Compatibility", code(options.compatibility.value)],
    ["Key", key === undefined ? "none" : code(key.value.text)],
    ["Dedupe id", id === undefined ? "generated" : code(id.value.text)],
    ["Event time", time === undefined ? "the time of sending" : code(time.value.text)],
    ["Retries after", delays === "" ? "none" : text(delays)],
    ["Dead letters", code(options.deadLetter.value)],
    ["Order", options.ordered.value ? "kept, on failure too" : "kept until a failure"],
    ["Owner", owner === undefined ? "nobody is named" : text(owner.value)],
    ["Sensitive", sensitive.length === 0 ? "nothing" : sensitive.map(code).join(", ")],
  ];
}

function typeParts(section: TypeSection): readonly string[] {
  return [
    `<a id="${anchor(section.name)}"></a>\n\n### ${text(section.name)}`,
    text(section.doc),
    ...sectionParts(section),
  ];
}

function sectionParts(section: TypeSection): readonly string[] {
  switch (section.kind) {
    case "fields":
      if (section.rows.length === 0) return ["It has no fields."];
      return [table(["Field", "Type", "Meaning"], section.rows.map(fieldCells))];
    case "values":
      return [
        table(
          ["Value", "Meaning"],
          section.values.map(({ name, doc }) => [code(name), text(doc)]),
        ),
      ];
    case "bytes":
      return [`${section.size} bytes.`];
  }
}

function fieldCells({ name, type, isSensitive, isDeprecated, doc }: FieldRow): readonly string[] {
  const marks = [...(isSensitive ? ["**Sensitive.**"] : []), ...(isDeprecated ? ["**Deprecated.**"] : [])];
  return [code(name), typeText(type), [...marks, text(doc)].join(" ").trim()];
}

function typeText(parts: TypeText): string {
  return parts.map((part) => (typeof part === "string" ? part : link(part.type))).join("");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function link(name: string): string {
  return `[${text(name)}](#${anchor(name)})`;
}

/** Names of types and topics hold no other characters; what stands for one is left out. */
function anchor(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "");
}

/** Text of a schema on one line, with nothing in it that Markdown or HTML takes for their own. */
function text(raw: string): string {
  return raw
    .replaceAll(/\s+/g, " ")
    .replaceAll(unseenCharacters, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\`*_[\]|~#!>]/g, "\\$&")
    .replaceAll(/\b(https?|ftp|www)(?=[:.])/gi, "$1\u200b")
    .trim();
}

/** Text of a schema as code; a cell ends at a bar, and code at a backtick. */
function code(raw: string): string {
  const shown = raw.replaceAll(/\s+/g, " ").replaceAll(unseenCharacters, "\ufffd").replaceAll("`", "'");
  return `\`${shown.replaceAll("|", "\\|")}\``;
}
