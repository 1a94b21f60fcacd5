import type { DescFile } from "@bufbuild/protobuf";
import type { AvroNamedType } from "../../src/schema/avro/model.ts";
import { longsOf } from "../model/longs.ts";
import {
  type EventModel,
  type FieldPath,
  isRegistered,
  type ProjectModel,
  type WireReferenceModel,
} from "../model/model.ts";
import { avroPath, eventsPath, protobufTypeName } from "../model/names.ts";
import { deprecation, typeDeclarations, typeName } from "./avro/types.ts";
import { nameUnions } from "./avro/unions.ts";
import { codecDeclarations, exportedNames, ownedFields } from "./codecs.ts";
import type { Doc } from "./comment.ts";
import { createFileScope, type FileScope, type ImportExtension, protobuf, runtime } from "./file-scope.ts";
import { keyLiteral, type Literal, literal, stringLiteral } from "./literal.ts";
import type { Declaration, FilePlan } from "./output.ts";
import { type MessagePlan, messageDeclarations, messageNames, planMessages } from "./protobuf/codec.ts";

/** Where an event's constant is generated, and what it is called there. */
export interface EventPlace {
  readonly path: string;
  readonly name: string;
  readonly initName: string;
}

/** The file and names of an event. */
export function placeOf(event: EventModel): EventPlace {
  if (event.source.kind === "avro") {
    const { record } = event.source;
    return { path: avroPath(record), name: typeName(record), initName: typeName(record, "init") };
  }
  const name = protobufTypeName(event.source.message);
  return { path: eventsPath(event.source.file.proto.name), name, initName: `${name}Init` };
}

/** What documentation says of an event wherever it is printed. */
export function eventDoc(event: EventModel, notes: readonly string[] = []): Doc {
  return {
    ...(event.doc === undefined ? {} : { text: event.doc }),
    notes,
    ...(event.deprecated === undefined ? {} : { deprecated: event.deprecated }),
    sensitive: event.sensitive,
  };
}

/** One file per named Avro type: its types, its codec, and its event where it is one. */
export function planAvroFiles(model: ProjectModel, extension: ImportExtension): readonly FilePlan[] {
  const events = new Map(model.events.map((event) => [event.name, event]));
  const owned = ownedFields(model.events);
  const types = model.avroTypes.map(({ type }) => type);
  const unions = nameUnions(types, exportedNames);
  const byFile = Map.groupBy(unions.values(), ({ path }) => path);
  return types.map((type) => {
    const event = events.get(type.name);
    const path = avroPath(type);
    const ownUnions = byFile.get(path) ?? [];
    const own = [...exportedNames(type), ...ownUnions.flatMap(({ value, init }) => [value, init])];
    const scope = { ...createFileScope(path, own, extension), unions, ownUnions };
    const declared = typeDeclarations(scope, type, event ? eventDoc(event) : typeDoc(type));
    const codecs = codecDeclarations(scope, type, owned, event);
    const constant = event === undefined ? [] : [avroEvent(scope, event, codecs.earlier)];
    return scope.plan([...declared, ...constant, ...codecs.declarations]);
  });
}

function typeDoc(type: AvroNamedType): Doc {
  return {
    ...(type.doc === undefined ? {} : { text: type.doc }),
    ...deprecation(type.attributes.get("deprecated")),
  };
}

function avroEvent(
  scope: FileScope,
  event: EventModel,
  earlier: readonly (readonly [encoding: string, read: string])[],
): Declaration {
  const { name, initName } = placeOf(event);
  const codec = `/* @__PURE__ */ ${scope.value(runtime, "recordCodec")}<${name}, ${initName}>(${stringLiteral(event.name)}, {
    create: create${name},
    write: write${name},
    read: read${name},
${earlierText(earlier)}  })`;
  return eventConstant(scope, event, name, codec);
}

function earlierText(earlier: readonly (readonly [encoding: string, read: string])[]): string {
  if (earlier.length === 0) return "";
  const members = earlier.map(([encoding, read]) => `      ${keyLiteral(encoding)}: ${read},\n`);
  return `    earlier: {\n${members.join("")}    },\n`;
}

/**
 * One `_events.ts` beside the `_pb.ts` of each Protobuf file that holds events, or messages that straight-line codecs
 * of events need.
 */
export function planProtobufFiles(model: ProjectModel, extension: ImportExtension): readonly FilePlan[] {
  const plan = planMessages(model);
  const byFile = Map.groupBy(model.events, ({ source }) =>
    source.kind === "protobuf" ? source.file.proto.name : "",
  );
  return (model.protobuf?.files ?? []).flatMap((file) => {
    const events = byFile.get(file.proto.name) ?? [];
    const isNeeded = events.length > 0 || plan.messages.has(file);
    return isNeeded ? [planEventsFile(file, events, extension, plan)] : [];
  });
}

function planEventsFile(
  file: DescFile,
  events: readonly EventModel[],
  extension: ImportExtension,
  plan: MessagePlan,
): FilePlan {
  const own = events.map(placeOf).flatMap(({ name, initName }) => [name, initName]);
  const functions = messageNames(file, plan);
  const scope = createFileScope(eventsPath(file.proto.name), [...own, ...functions], extension);
  return scope.plan([
    ...events.flatMap((event) => protobufEvent(scope, event, plan.fallbacks.has(event.name))),
    ...messageDeclarations(scope, file, plan),
  ]);
}

/** The codec of an event by protobuf-es, or of the functions that are printed below it. */
function protobufCodecText(scope: FileScope, event: EventModel, isFallback: boolean, schema: string): string {
  const { name, initName } = placeOf(event);
  if (!isFallback)
    return `/* @__PURE__ */ ${scope.value(runtime, "protobufCodec")}<${name}, ${initName}>(${stringLiteral(event.name)}, {
    create: create${name},
    write: write${name},
    read: read${name},
  })`;
  return `/* @__PURE__ */ ${scope.value(runtime, "messageCodec")}<${name}, ${initName}>(${stringLiteral(event.name)}, {
    create: (init) => ${scope.value(protobuf, "create")}(${schema}, init),
    toBinary: (value) => ${scope.value(protobuf, "toBinary")}(${schema}, value),
    fromBinary: (bytes, options) => ${scope.value(protobuf, "fromBinary")}(${schema}, bytes, options),
  })`;
}

function protobufEvent(scope: FileScope, event: EventModel, isFallback: boolean): readonly Declaration[] {
  const { name, initName, path } = placeOf(event);
  // What protobuf-es encodes, or writes as JSON, needs the schema itself.
  const isTypeOnly = !isFallback && isRegistered(event);
  const messages = scope.namespace(path.replace(/_events\.ts$/, "_pb.ts"), "pb", isTypeOnly);
  const schema = `${messages}.${name.replace(/\$$/, "")}Schema`;
  const codec = protobufCodecText(scope, event, isFallback, schema);
  return [
    { kind: "type", name, doc: eventDoc(event), type: `${messages}.${name}` },
    {
      kind: "type",
      name: initName,
      doc: { text: `${name} as it is written: every field may be left out.` },
      type: `${scope.type(protobuf, "MessageInitShape")}<typeof ${schema}>`,
    },
    eventConstant(scope, event, name, codec, jsonMember(scope, event, name, schema)),
  ];
}

function eventConstant(
  scope: FileScope,
  event: EventModel,
  name: string,
  codec: string,
  json: readonly string[] = [],
): Declaration {
  const { options, wire } = event;
  const types = [name, `${name}Init`, literal(options.type.value), literal(options.topic.value)];
  const data: Readonly<Record<string, Literal>> = {
    type: options.type.value,
    topic: options.topic.value,
    name: event.name,
    subject: options.subject.value,
    format: event.format,
    ...serializationOf(event),
    ...longsMember(event),
    fingerprint: wire.fingerprint,
    index: event.index,
    wire: { schema: wire.schema, references: wire.references.map(reference) },
    policy: policyOf(event),
    sensitive: event.sensitive,
  };
  const members = [
    ...Object.entries(data).map(([key, value]) => `${keyLiteral(key)}: ${literal(value, "  ")}`),
    `codec: ${codec}`,
    ...json,
    ...(options.key ? [`key: (value) => ${textOf(options.key.value)}`] : []),
    ...(options.id ? [`id: (value) => ${textOf(options.id.value)}`] : []),
    ...(options.time ? [`time: (value) => ${timeOf(scope, event, options.time.value)}`] : []),
  ];
  return {
    kind: "const",
    name,
    doc: eventDoc(event, [
      `The event ${code(options.type.value)} on the topic ${code(options.topic.value)}.`,
    ]),
    exported: true,
    type: `${scope.type(runtime, "EventType")}<${types.join(", ")}>`,
    value: `{\n${members.map((member) => `  ${member},\n`).join("")}}`,
  };
}

/** Text as a comment shows it between backticks. */
export function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

/** How the event is written, where that is not the default. */
export function serializationOf({ options }: EventModel): { readonly [key: string]: Literal } {
  const { value } = options.serialization;
  return value === "BINARY" ? {} : { serialization: value };
}

/** How longs are held, where some are no bigints. */
export function longsMember(event: EventModel): { readonly [key: string]: Literal } {
  const longs = longsOf(event);
  return longs.length === 0 ? {} : { longs: Object.fromEntries(longs) };
}

/** Protobuf's JSON mapping, bound to the message; Avro's follows from its schema at run time. */
function jsonMember(scope: FileScope, event: EventModel, name: string, schema: string): readonly string[] {
  if (isRegistered(event)) return [];
  return [
    `json: /* @__PURE__ */ ${scope.value(runtime, "messageJson")}<${name}>(${stringLiteral(event.name)}, {
    shape: ${schema},
    toJson: (value) => ${scope.value(protobuf, "toJson")}(${schema}, value),
    fromJson: (json, options) =>
      ${scope.value(protobuf, "fromJson")}(${schema}, json, { ...options, ignoreUnknownFields: true }),
  })`,
  ];
}

/** The delivery policy as plain data. */
export function policyOf(event: EventModel): { readonly [key: string]: Literal } {
  const { options } = event;
  return {
    retry: { delaysMs: options.retryDelaysMs.value },
    deadLetter: options.deadLetter.value,
    compatibility: options.compatibility.value,
    ordered: options.ordered.value,
    ...(options.owner === undefined ? {} : { owner: options.owner.value }),
  };
}

function reference(one: WireReferenceModel): Literal {
  return {
    name: one.name,
    subject: one.subject,
    schema: one.schema,
    references: one.references.map(reference),
  };
}

/** A path as an expression; from its second step on, what stands before may be absent. */
function accessOf(path: FieldPath): string {
  return path.properties.reduce((text, name, at) => `${text}${at === 0 ? "." : "?."}${name}`, "value");
}

/** A scalar as text; empty when it is not there. */
function textOf(path: FieldPath): string {
  const isNested = path.properties.length > 1;
  const value = accessOf(path);
  switch (path.leaf) {
    case "string":
    case "uuid":
    case "date":
      return isNested ? `${value} ?? ""` : value;
    default:
      return isNested ? `${value}?.toString() ?? ""` : `String(${value})`;
  }
}

/** A point in time as epoch milliseconds; undefined when it is not there. */
function timeOf(scope: FileScope, event: EventModel, path: FieldPath): string {
  const value = accessOf(path);
  if (event.format === "protobuf") return `${scope.value(runtime, "timestampMs")}(${value})`;
  const units = { micros: 1_000n, nanos: 1_000_000n } as const;
  if (path.leaf === "micros" || path.leaf === "nanos")
    return `${scope.value(runtime, "millisecondsOf")}(${value}, ${literal(units[path.leaf])})`;
  return `${value}?.getTime()`;
}
