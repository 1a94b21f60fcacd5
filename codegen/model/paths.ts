import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { type Diagnostic, report, type Span } from "../diagnostics.ts";
import type { ProjectModel } from "./model.ts";
import {
  avroPath,
  catalogPath,
  eventsPath,
  isDeviceName,
  messagesPath,
  packagePath,
  protobufTypeName,
  topicPath,
} from "./names.ts";
import { splitByName } from "./packages.ts";

interface Output {
  readonly path: string;
  readonly of: string;
  readonly at: Span;
}

/** Two outputs that one file system would keep as one file, and names that a system reserves for devices. */
export function checkPaths(model: ProjectModel): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const taken = new Map<string, Output>();
  for (const output of outputsOf(model)) {
    const device = output.path.split("/").find(isDeviceName);
    if (device !== undefined)
      found.push(
        report(
          "path-unsafe",
          output.at,
          `${output.of} would be written to ${output.path}, and ${JSON.stringify(device)} is a device on some systems.`,
        ),
      );
    const first = taken.get(output.path.toLowerCase());
    if (first === undefined) taken.set(output.path.toLowerCase(), output);
    else
      found.push(
        report(
          "path-clash",
          output.at,
          `Both ${output.of} and ${first.of} (${first.at.file}:${first.at.line}) would be written to ${output.path}.`,
        ),
      );
  }
  return found;
}

function* outputsOf(model: ProjectModel): Generator<Output> {
  const start = (file: string): Span => ({ file, line: 1, column: 1 });
  yield { path: catalogPath, of: "the catalogue", at: start("keryx.yaml") };
  for (const file of model.protobuf?.files ?? []) {
    const path = `${file.name}.proto`;
    yield { path: messagesPath(path), of: path, at: start(path) };
    yield { path: eventsPath(path), of: `the events of ${path}`, at: start(path) };
  }
  for (const { type, at } of model.avroTypes) yield { path: avroPath(type), of: `the type ${type.name}`, at };
  for (const topic of model.topics) {
    const at = topic.events[0]?.at;
    if (at) yield { path: topicPath(topic.name), of: `the topic ${JSON.stringify(topic.name)}`, at };
  }
  for (const [name, { at }] of splitByName(model.events).packages)
    yield { path: packagePath(name), of: `the exports of the package ${name}`, at };
}

/**
 * protobuf-es numbers the names of types that would be printed alike: `A.B` beside `A_B`, or `ASchema` beside the
 * schema of `A`. Code that refers to an event must be sure of its name, so there such a clash is refused.
 */
export function checkMessageNames(model: ProjectModel): readonly Diagnostic[] {
  return model.events.flatMap((event) => {
    if (event.source.kind !== "protobuf") return [];
    const { message, file } = event.source;
    const name = protobufTypeName(message);
    const alike = [...nestedTypes(file)].find((type) => {
      if (type === message || (type.kind !== "message" && type.kind !== "enum")) return false;
      const other = protobufTypeName(type);
      return other === name || other === `${name}Schema` || `${other}Schema` === name;
    });
    if (alike === undefined || (alike.kind !== "message" && alike.kind !== "enum")) return [];
    return [
      report(
        "name-duplicate",
        event.at,
        `${event.name} and ${alike.typeName} would be printed under names that clash.`,
        "Rename one of the two.",
      ),
    ];
  });
}
