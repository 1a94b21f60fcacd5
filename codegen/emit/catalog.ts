import type { EventModel, ProjectModel } from "../model/model.ts";
import { catalogPath, packagePath, topicIdentifier, topicPath } from "../model/names.ts";
import { compare } from "../model/order.ts";
import { packageOf, splitByName } from "../model/packages.ts";
import { placeOf, policyOf, serializationOf } from "./events.ts";
import { createFileScope, type ImportExtension, runtime, specifierOf } from "./file-scope.ts";
import { type Literal, literal } from "./literal.ts";
import type { Declaration, FilePlan } from "./output.ts";
import { topicNames } from "./topics.ts";

/** `index.ts`: every topic's factories, every event, and the catalogue; plus a file for each package whose names clash. */
export function planCatalog(model: ProjectModel, extension: ImportExtension): readonly FilePlan[] {
  const { lone, packages: shared } = splitByName(model.events);
  const scope = createFileScope(catalogPath, ["catalog"], extension);
  const specifier = (path: string): string => specifierOf(catalogPath, path, extension);
  const topics = model.topics.flatMap((topic): readonly Declaration[] => {
    const names = topicNames(topic);
    const from = specifier(topicPath(topic.name));
    const values = [names.definition, names.createConsumer, names.createProducer];
    return [
      { kind: "export", names: values, types: [], from },
      { kind: "export", names: [], types: [names.handlers, names.producer], from },
    ];
  });
  const packages = [...shared.keys()].sort(compare);
  return [
    scope.plan([
      ...topics,
      ...lone.map((event) => eventExport(event, catalogPath, extension)),
      ...packages.map(
        (name): Declaration => ({
          kind: "namespace",
          name: topicIdentifier(name),
          from: specifier(packagePath(name)),
        }),
      ),
      catalog(scope.type(runtime, "Catalog"), model),
    ]),
    ...packages.map((name) => {
      const path = packagePath(name);
      const events = model.events.filter((event) => packageOf(event) === name);
      return createFileScope(path, [], extension).plan(
        events.map((event) => eventExport(event, path, extension)),
      );
    }),
  ];
}

function eventExport(event: EventModel, path: string, extension: ImportExtension): Declaration {
  const place = placeOf(event);
  const from = specifierOf(path, place.path, extension);
  return { kind: "export", names: [place.name], types: [place.initName], from };
}

function catalog(type: string, model: ProjectModel): Declaration {
  const topics = model.topics.map(
    (topic): Literal => ({ name: topic.name, events: topic.events.map(entry) }),
  );
  return {
    kind: "const",
    name: "catalog",
    doc: { text: "Every topic with its events and their policy, as plain data." },
    exported: true,
    type,
    value: literal({ topics }),
  };
}

function entry(event: EventModel): Literal {
  const { options } = event;
  return {
    type: options.type.value,
    name: event.name,
    format: event.format,
    ...serializationOf(event),
    subject: options.subject.value,
    ...(options.key ? { key: options.key.value.text } : {}),
    ...(options.id ? { id: options.id.value.text } : {}),
    ...(options.time ? { time: options.time.value.text } : {}),
    policy: policyOf(event),
    sensitive: event.sensitive,
  };
}
