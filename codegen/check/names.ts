import type { Span } from "../diagnostics.ts";
import type { EventModel, ProjectModel, TopicModel } from "../model/model.ts";
import { topicIdentifier } from "../model/names.ts";
import { splitByName } from "../model/packages.ts";
import type { Check } from "./rule.ts";

/** What a generated producer or handlers object has anyway, or must not have for the language's sake. */
const reserved = new Set([
  "start",
  "tombstone",
  "flush",
  "stats",
  "close",
  // An object with `then` would be taken for a promise; the rest is found on every object, so leaving
  // the handler out would compile.
  "then",
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "toLocaleString",
  "toString",
  "valueOf",
  "__proto__",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
]);

/** Names that a topic's file exports; index.ts passes them on. */
function exportsOf(topic: TopicModel): readonly string[] {
  const type = topic.identifier.charAt(0).toUpperCase() + topic.identifier.slice(1);
  const name = topic.identifier;
  return [name, `${name}Producer`, `${name}Consumer`, `${type}Producer`, `${type}Handlers`];
}

const firstEvent = (topic: TopicModel): EventModel | undefined => topic.events[0];

export const methodClash: Check = function* (project, finding) {
  for (const topic of project.topics) {
    const taken = new Map<string, EventModel>();
    for (const event of topic.events) {
      const first = taken.get(event.method);
      const method = `${topic.identifier}Producer.${event.method}`;
      if (reserved.has(event.method))
        yield finding(
          event.at,
          `${event.name} would become the method ${method}, a name that the generated object cannot give away.`,
          "Rename the message: a past tense with its subject reads well, for example `JobStarted`.",
        );
      else if (first)
        yield finding(
          event.at,
          `${event.name} and ${first.name} (${first.at.file}:${first.at.line}) would both become the method ${method}.`,
        );
      else taken.set(event.method, event);
    }
  }
};

export const factoryClash: Check = function* (project, finding) {
  const taken = new Map<string, TopicModel>();
  for (const topic of project.topics) {
    const first = taken.get(topic.identifier);
    const at = firstEvent(topic)?.at;
    if (first && at)
      yield finding(
        at,
        `Topics ${JSON.stringify(topic.name)} and ${JSON.stringify(first.name)} would both have the factory ${topic.identifier}Producer.`,
      );
    taken.set(topic.identifier, topic);
  }
};

interface Export {
  readonly name: string;
  /** Who exports it, for people. */
  readonly by: string;
  readonly at: Span | undefined;
}

function* eventExports({ events }: ProjectModel): Generator<Export> {
  const { lone, packages } = splitByName(events);
  for (const { identifier, name, at } of lone) {
    yield { name: identifier, by: name, at };
    yield { name: `${identifier}Init`, by: `the init type of ${name}`, at };
  }
  for (const [name, event] of packages)
    yield { name: topicIdentifier(name), by: `the package ${name}`, at: event.at };
}

/** A topic whose factories have the names of another's is left to `factory-clash`. */
function* topicExports({ topics }: ProjectModel): Generator<Export> {
  const identifiers = new Map(topics.map((topic) => [topic.identifier, topic]));
  for (const topic of identifiers.values())
    for (const name of exportsOf(topic))
      yield { name, by: `the topic ${JSON.stringify(topic.name)}`, at: firstEvent(topic)?.at };
}

export const exportClash: Check = function* (project, finding) {
  const taken = new Map([["catalog", "the catalogue"]]);
  for (const { name, by, at } of [...topicExports(project), ...eventExports(project)]) {
    const first = taken.get(name);
    if (first === undefined) taken.set(name, by);
    else if (at) yield finding(at, `Both ${first} and ${by} would be exported as ${name}.`);
  }
};
