import {
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type FileRegistry,
  getOption,
  hasOption,
  type JsonValue,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Diagnostic, report, type Span } from "../../diagnostics.ts";
import type { DeclaredOptions, LoadedEvent } from "../../model/loaded.ts";
import { confluentNumber, eventExtension, fieldExtension, optionNumber } from "../options.ts";
import type { Places } from "../places.ts";
import type { WireTexts } from "../projection.ts";

type AllPlaces = ReadonlyMap<string, Places>;

/** Fields that our option or Confluent's marks sensitive, by full name; two marks that contradict are refused. */
export function readMarks(
  registry: FileRegistry,
  places: AllPlaces,
): { readonly sensitive: ReadonlySet<string>; readonly diagnostics: readonly Diagnostic[] } {
  const extension = registry.getExtension(fieldExtension);
  const sensitive = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const file of registry.files)
    for (const type of nestedTypes(file)) {
      if (type.kind !== "message") continue;
      for (const field of type.fields) {
        if (field.proto.options?.$unknown === undefined) continue;
        const own = ownMark(field, extension);
        const isTagged = confluentTags(field).includes("PII");
        const name = `${type.typeName}.${field.name}`;
        if (own === false && isTagged)
          diagnostics.push(
            report(
              "option-conflict",
              placeOfField(field, places),
              `${name} carries the tag PII and is marked as not sensitive.`,
            ),
          );
        if (own ?? isTagged) sensitive.add(name);
      }
    }
  return { sensitive, diagnostics };
}

function ownMark(field: DescField, extension: DescExtension | undefined): boolean | undefined {
  if (extension === undefined || !hasOption(field, extension)) return undefined;
  const json = optionJson(field, extension);
  const mark =
    typeof json === "object" && json !== null && !Array.isArray(json) ? json["sensitive"] : undefined;
  return typeof mark === "boolean" ? mark : undefined;
}

function optionJson(desc: DescField | DescMessage, extension: DescExtension): JsonValue | undefined {
  if (extension.fieldKind !== "message") return undefined;
  const value = desc.kind === "field" ? getOption(desc, extension) : getOption(desc, extension);
  return toJson(extension.message, value as Message);
}

/**
 * Tags of `confluent.field_meta`, read by number: the file that defines it need not be there in our version.
 * @see https://github.com/confluentinc/schema-registry/blob/master/protobuf-types/src/main/proto/confluent/meta.proto
 */
function confluentTags(field: DescField): readonly string[] {
  const tags: string[] = [];
  for (const { no, wireType, data } of field.proto.options?.$unknown ?? []) {
    if (no !== confluentNumber || wireType !== WireType.LengthDelimited) continue;
    const reader = new BinaryReader(new BinaryReader(data).bytes());
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (number === 3 && type === WireType.LengthDelimited) tags.push(reader.string());
      else reader.skip(type, number);
    }
  }
  return tags;
}

function placeOfField(field: DescField, places: AllPlaces): Span {
  const { file } = field.parent;
  const path = [...pathOf(field.parent), 2, field.parent.fields.indexOf(field), 1];
  return places.get(file.proto.name)?.at(path) ?? { file: file.proto.name, line: 1, column: 1 };
}

/** Descriptor path of a message: 4 and its index in the file, 3 and its index in a message. */
function pathOf(message: DescMessage): readonly number[] {
  const { parent, file } = message;
  return parent === undefined
    ? [4, file.proto.messageType.indexOf(message.proto)]
    : [...pathOf(parent), 3, parent.proto.nestedType.indexOf(message.proto)];
}

/** Path of indexes as the wire format names a message: map entries do not count. */
function indexOf(message: DescMessage): readonly number[] {
  const { parent, file } = message;
  return parent === undefined
    ? [file.messages.indexOf(message)]
    : [...indexOf(parent), parent.nestedMessages.indexOf(message)];
}

export interface EventSources {
  /** Descriptors with our options. */
  readonly declared: FileRegistry;
  /** Descriptors without them: what the model hands on. */
  readonly registry: FileRegistry;
  readonly places: AllPlaces;
  readonly own: ReadonlyMap<string, string>;
  readonly wire: WireTexts;
}

/** Every message of the project's own files that carries the event option. */
export function readEvents(sources: EventSources): readonly LoadedEvent[] {
  const extension = sources.declared.getExtension(eventExtension);
  if (extension?.fieldKind !== "message") return [];
  return [...sources.declared.files]
    .filter((file) => sources.own.has(file.proto.name))
    .flatMap((file) => messagesOf(file))
    .filter((message) => hasOption(message, extension))
    .flatMap((message) => readEvent(message, extension, sources) ?? []);
}

function messagesOf(file: DescFile): readonly DescMessage[] {
  return [...nestedTypes(file)].filter((type) => type.kind === "message");
}

function readEvent(
  message: DescMessage,
  extension: DescExtension & { readonly fieldKind: "message" },
  { registry, places, wire }: EventSources,
): LoadedEvent | undefined {
  const bare = registry.getMessage(message.typeName);
  const file = message.file.proto.name;
  const at = places.get(file);
  const model = wire.modelOf(file);
  if (bare === undefined || at === undefined || model === undefined) return undefined;
  const path = pathOf(message);
  const doc = at.commentOf(path);
  return {
    format: "protobuf",
    name: message.typeName,
    at: at.at([...path, 1]),
    ...(doc === undefined ? {} : { doc }),
    ...(message.deprecated ? { deprecated: true as const } : {}),
    declared: declaredOptions(optionJson(message, extension), extension, path, at),
    index: indexOf(message),
    wire: model,
    source: { kind: "protobuf", file: bare.file, message: bare },
  };
}

function declaredOptions(
  json: unknown,
  extension: DescExtension & { readonly fieldKind: "message" },
  path: readonly number[],
  places: Places,
): DeclaredOptions {
  const whole = [...path, 7, optionNumber];
  return {
    json,
    at(key) {
      const field = extension.message.fields.find((one) => one.jsonName === key);
      const exact = field === undefined ? whole : [...whole, field.number];
      const wanted = [exact, whole, [...path, 7], [...path, 1]].map((one) => places.nearest(one));
      return places.at(wanted.find((one) => one !== undefined) ?? path);
    },
  };
}
