import { headerNames, jsonContentType } from "../../../src/core/headers.ts";
import { type EventModel, isRegistered, type ProjectModel } from "../../model/model.ts";
import { longsMember, policyOf } from "../events.ts";

/** An AsyncAPI 3 document as plain data: channels are topics, messages are events with their schemas as registered. */
export function asyncApi(model: ProjectModel): object {
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Events",
      version: "1.0.0",
      description: "The topics and events that the schemas of this project declare.",
    },
    channels: Object.fromEntries(
      model.topics.map(({ name, events }) => [
        name,
        {
          address: name,
          messages: Object.fromEntries(
            events.map((event) => [event.name, { $ref: `#/components/messages/${event.name}` }]),
          ),
          bindings: { kafka: { topic: name, bindingVersion: "0.5.0" } },
        },
      ]),
    ),
    components: { messages: Object.fromEntries(model.events.map((event) => [event.name, message(event)])) },
  };
}

function message(event: EventModel): object {
  const { options, sensitive, deprecated } = event;
  const { key } = options;
  const isBinary = isRegistered(event);
  return {
    name: options.type.value,
    title: event.identifier,
    ...(event.doc === undefined ? {} : { description: event.doc }),
    ...(isBinary ? {} : { contentType: jsonContentType }),
    correlationId: { location: `$message.header#/${headerNames.correlationId}` },
    headers: {
      type: "object",
      required: [headerNames.messageId, headerNames.eventType],
      properties: {
        [headerNames.eventType]: { type: "string", const: options.type.value },
        [headerNames.messageId]: { type: "string", description: idText(event) },
        [headerNames.correlationId]: { type: "string" },
        [headerNames.causationId]: { type: "string" },
      },
    },
    payload: payload(event),
    bindings: {
      kafka: {
        ...(key === undefined ? {} : { key: { type: "string", description: `Text of ${key.value.text}.` } }),
        ...(isBinary ? { schemaIdLocation: "payload", schemaIdPayloadEncoding: "confluent" } : {}),
        bindingVersion: "0.5.0",
      },
    },
    "x-keryx": {
      ...{ name: event.name, format: event.format, serialization: options.serialization.value },
      ...(isBinary ? { subject: options.subject.value } : {}),
      ...(deprecated === undefined ? {} : { deprecated }),
      ...longsMember(event),
      ...{ policy: policyOf(event), sensitive },
    },
  };
}

function idText({ options }: EventModel): string {
  return options.id === undefined ? "A generated UUIDv7." : `Dedupe id: text of ${options.id.value.text}.`;
}

/** The schema itself, in its own language. */
function payload({ format, wire }: EventModel): object {
  return format === "avro"
    ? { schemaFormat: "application/vnd.apache.avro+json;version=1.9.0", schema: avroJson(wire.schema) }
    : { schemaFormat: "application/vnd.google.protobuf;version=3", schema: wire.schema };
}

/**
 * Avro's JSON with exact integers, since a default may be one of 64 bits. AsyncAPI's description of Avro knows no dots
 * in names: they are written as name and namespace, which is the same to Avro; aliases in other namespaces are left out.
 */
function avroJson(text: string): unknown {
  const revive = (_: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown => {
    if (typeof value === "number")
      return !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
    return typeof value === "object" && value !== null && "type" in value ? withoutDots(value) : value;
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

function withoutDots(node: {
  readonly type: unknown;
  readonly name?: unknown;
  readonly aliases?: unknown;
}): object {
  const { type, name, aliases } = node;
  const isNamed = type === "record" || type === "enum" || type === "fixed";
  if (!isNamed || typeof name !== "string") return node;
  const at = name.lastIndexOf(".");
  const local = Array.isArray(aliases) ? aliases.filter((alias) => !String(alias).includes(".")) : undefined;
  return {
    ...node,
    ...(at < 0 ? {} : { name: name.slice(at + 1), namespace: name.slice(0, at) }),
    ...(local === undefined ? {} : { aliases: local }),
  };
}
