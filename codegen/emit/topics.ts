import type { EventModel, ProjectModel, TopicModel } from "../model/model.ts";
import { topicPath } from "../model/names.ts";
import { code, eventDoc, placeOf } from "./events.ts";
import { createFileScope, type FileScope, type ImportExtension, runtime } from "./file-scope.ts";
import { stringLiteral } from "./literal.ts";
import type { Declaration, FilePlan, Member } from "./output.ts";

/** The names that a topic's file exports. */
export interface TopicNames {
  readonly definition: string;
  readonly producer: string;
  readonly createProducer: string;
  readonly handlers: string;
  readonly createConsumer: string;
}

/** Names of a topic's factories and types. */
export function topicNames(topic: TopicModel): TopicNames {
  const { identifier } = topic;
  const type = identifier.charAt(0).toUpperCase() + identifier.slice(1);
  return {
    definition: identifier,
    producer: `${type}Producer`,
    createProducer: `${identifier}Producer`,
    handlers: `${type}Handlers`,
    createConsumer: `${identifier}Consumer`,
  };
}

/** One file per topic: its typed producer and its handlers. */
export function planTopicFiles(model: ProjectModel, extension: ImportExtension): readonly FilePlan[] {
  return model.topics.map((topic) => {
    const names = topicNames(topic);
    const scope = createFileScope(topicPath(topic.name), Object.values(names), extension);
    return scope.plan([
      definition(scope, topic, names),
      producerInterface(scope, topic, names),
      producerFactory(scope, topic, names),
      handlersInterface(scope, topic, names),
      consumerFactory(scope, topic, names),
    ]);
  });
}

function constantOf(scope: FileScope, event: EventModel): string {
  const { path, name } = placeOf(event);
  return scope.value(path, name);
}

function definition(scope: FileScope, topic: TopicModel, names: TopicNames): Declaration {
  const events = topic.events.map((event) => constantOf(scope, event));
  return {
    kind: "const",
    name: names.definition,
    doc: { text: `The topic ${code(topic.name)} with its events.` },
    exported: true,
    type: scope.type(runtime, "TopicDefinition"),
    value: `{\n  name: ${stringLiteral(topic.name)},\n  events: [${events.join(", ")}],\n}`,
  };
}

function producerInterface(scope: FileScope, topic: TopicModel, names: TopicNames): Declaration {
  const sendOptions = scope.type(runtime, "SendOptions");
  const sent = `Promise<${scope.type(runtime, "SendResult")}>`;
  const method = (name: string, text: string, returns: string): Member => ({
    kind: "method",
    name,
    doc: { text },
    optional: false,
    parameters: [],
    returns,
  });
  return {
    kind: "interface",
    name: names.producer,
    doc: { text: `Publishes the events of ${code(topic.name)}.` },
    members: [
      method(
        "start",
        "Connects and registers the topic's schemas; otherwise the first send does.",
        "Promise<void>",
      ),
      ...topic.events.map(
        (event): Member => ({
          kind: "method",
          name: event.method,
          doc: eventDoc(event, [`Publishes ${code(event.options.type.value)}${identity(event)}.`]),
          optional: false,
          parameters: [
            ["value", scope.type(placeOf(event).path, placeOf(event).initName)],
            ["options", sendOptions, "optional"],
          ],
          returns: sent,
        }),
      ),
      {
        kind: "method",
        name: "tombstone",
        doc: { text: "Publishes a record with a null value for the key." },
        optional: false,
        parameters: [
          ["key", "string"],
          ["options", sendOptions, "optional"],
        ],
        returns: sent,
      },
      method("flush", "Resolves when everything sent so far is settled.", "Promise<void>"),
      method("stats", "Counters since the start.", scope.type(runtime, "ProducerStats")),
    ],
  };
}

function identity(event: EventModel): string {
  const { key, id } = event.options;
  const parts = [
    ...(key ? [`keyed by ${code(key.value.text)}`] : []),
    ...(id ? [`identified by ${code(id.value.text)}`] : []),
  ];
  return parts.length === 0 ? "" : `, ${parts.join(", ")}`;
}

function producerFactory(scope: FileScope, topic: TopicModel, names: TopicNames): Declaration {
  return {
    kind: "function",
    name: names.createProducer,
    doc: { text: `Creates the producer of ${code(topic.name)}.` },
    exported: true,
    parameters: [["app", scope.type(runtime, "App")]],
    returns: names.producer,
    body: [
      `const topic = app.topicProducer(${names.definition});`,
      "return {",
      "  start: () => topic.start(),",
      ...topic.events.map(
        (event) =>
          `  ${event.method}: (value, options) => topic.send(${constantOf(scope, event)}, value, options),`,
      ),
      "  tombstone: (key, options) => topic.tombstone(key, options),",
      "  flush: () => topic.flush(),",
      "  stats: () => topic.stats(),",
      "};",
    ],
  };
}

function handlersInterface(scope: FileScope, topic: TopicModel, names: TopicNames): Declaration {
  const delivery = scope.type(runtime, "Delivery");
  const result = scope.type(runtime, "HandlerResult");
  return {
    kind: "interface",
    name: names.handlers,
    doc: {
      text: `Handles the events of ${code(topic.name)}: return to finish, throw to retry and finally dead-letter.`,
    },
    members: [
      ...topic.events.map((event): Member => {
        const { path, name } = placeOf(event);
        const value = scope.type(path, name);
        return {
          kind: "method",
          name: event.method,
          doc: eventDoc(event, [`Handles ${code(event.options.type.value)}.`]),
          optional: false,
          parameters: [
            ["event", value],
            ["delivery", `${delivery}<${value}>`],
          ],
          returns: result,
        };
      }),
      {
        kind: "method",
        name: "tombstone",
        doc: { text: "Handles a record with a null value; without it, one counts as an unhandled event." },
        optional: true,
        parameters: [
          ["key", "string | null"],
          ["delivery", `${delivery}<null>`],
        ],
        returns: result,
      },
    ],
  };
}

function consumerFactory(scope: FileScope, topic: TopicModel, names: TopicNames): Declaration {
  const chain = [
    "const consumer = app",
    "  .consumer(options)",
    `  .topic(${names.definition})`,
    ...topic.events.map(
      (event) =>
        `  .on(${constantOf(scope, event)}, (event, delivery) => handlers.${event.method}(event, delivery))`,
    ),
  ];
  return {
    kind: "function",
    name: names.createConsumer,
    doc: { text: `Creates a consumer of ${code(topic.name)} with a handler for each of its events.` },
    exported: true,
    parameters: [
      ["app", scope.type(runtime, "App")],
      ["options", scope.type(runtime, "ConsumerOptions")],
      ["handlers", names.handlers],
    ],
    returns: scope.type(runtime, "Consumer"),
    body: [
      `${chain.join("\n")};`,
      "if (handlers.tombstone === undefined) return consumer;",
      `return consumer.onTombstone(${stringLiteral(topic.name)}, (key, delivery) => handlers.tombstone?.(key, delivery));`,
    ],
  };
}
