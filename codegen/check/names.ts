import type { EventModel, ProjectModel, TopicModel } from "../model/model.ts";
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

/** Exported names of topics, each with its owner; a topic that has the same factory as another is left to `factory-clash`. */
function topicExports(project: ProjectModel): ReadonlyMap<string, readonly TopicModel[]> {
  const owners = new Map<string, TopicModel[]>();
  const identifiers = new Set<string>();
  for (const topic of project.topics) {
    if (identifiers.has(topic.identifier)) continue;
    identifiers.add(topic.identifier);
    for (const name of exportsOf(topic)) owners.set(name, [...(owners.get(name) ?? []), topic]);
  }
  return owners;
}

export const exportClash: Check = function* (project, finding) {
  const owners = topicExports(project);
  for (const [name, [first, second]] of owners) {
    const at = second && firstEvent(second)?.at;
    if (first && at)
      yield finding(
        at,
        `Topics ${JSON.stringify(first.name)} and ${JSON.stringify(second.name)} would both export ${name}.`,
      );
  }
  for (const event of project.events) {
    const owner = owners.get(event.identifier)?.[0];
    if (owner)
      yield finding(
        event.at,
        `${event.name} and the topic ${JSON.stringify(owner.name)} would both export ${event.identifier}.`,
      );
  }
};
