import { quote } from "../../schema/limits.ts";
import type { ProtoField, ProtoScalar, ProtoType } from "../../schema/proto/model.ts";
import type { ProtoDefinition } from "../../schema/proto/schema.ts";
import type { Report } from "./kinds.ts";
import { localName, type MessagePair, type Side } from "./sides.ts";
import { changed, nameField, startSentence } from "./words.ts";

/** What the rules see of a type: an enum is a scalar, and the key and the value of a map are types of their own. */
type SeenType =
  | { readonly kind: "scalar"; readonly group: ScalarGroup; readonly text: string }
  | {
      readonly kind: "message";
      /** As written. */
      readonly name: string;
      /** Absent where the name means nothing that is there. */
      readonly definition?: MessageDefinition;
      readonly text: string;
    }
  | { readonly kind: "map"; readonly key: SeenType; readonly value: SeenType; readonly text: string };

type MessageDefinition = Extract<ProtoDefinition, { readonly kind: "message" }>;

type ScalarGroup = "varint" | "zigzag" | "text" | "4 bytes" | "8 bytes" | "float" | "double";

/** Scalars of one group may take each other's place. */
const scalarGroups: Readonly<Record<ProtoScalar, ScalarGroup>> = {
  ...({ int32: "varint", int64: "varint", uint32: "varint", uint64: "varint", bool: "varint" } as const),
  ...({ sint32: "zigzag", sint64: "zigzag" } as const),
  ...({ string: "text", bytes: "text" } as const),
  ...({ fixed32: "4 bytes", sfixed32: "4 bytes" } as const),
  ...({ fixed64: "8 bytes", sfixed64: "8 bytes" } as const),
  ...({ float: "float", double: "double" } as const),
};

/** Where a field stands, and who is told about it. */
export interface FieldPlace {
  readonly pair: MessagePair;
  readonly path: string;
  readonly report: Report;
  /** Takes the imported messages that have to be compared themselves. */
  readonly goOn: (imported: MessagePair) => void;
}

/** Compares two fields of one number: names, types, labels. */
export function compareField(older: ProtoField, newer: ProtoField, place: FieldPlace): void {
  const { pair, path, report } = place;
  if (older.name !== newer.name)
    report(
      "FIELD_NAME_CHANGED",
      path,
      changed(`Field ${older.number}`, quote(older.name), quote(newer.name)),
    );
  const was = seeType(older.type, pair.older);
  const is = seeType(newer.type, pair.newer);
  compareTypes(was, is, nameField(newer), place);
  if (was.kind === "scalar" && is.kind === "scalar" && was.group === is.group)
    compareLabels(older, newer, was.group, place);
}

function compareTypes(was: SeenType, is: SeenType, subject: string, place: FieldPlace): void {
  const { path, report } = place;
  const words = changed(startSentence(subject), was.text, is.text);
  if (was.kind === "scalar" && is.kind === "scalar") {
    if (was.group !== is.group) report("FIELD_SCALAR_KIND_CHANGED", path, words);
  } else if (was.kind === "message" && is.kind === "message") compareMessageTypes(was, is, words, place);
  else if (was.kind === "map" && is.kind === "map") {
    compareTypes(was.key, is.key, `the key of ${subject}`, place);
    compareTypes(was.value, is.value, `the value of ${subject}`, place);
  } else report("FIELD_KIND_CHANGED", path, words);
}

type SeenMessage = Extract<SeenType, { readonly kind: "message" }>;

function compareMessageTypes(was: SeenMessage, is: SeenMessage, words: string, place: FieldPlace): void {
  const { path, report, pair, goOn } = place;
  const [older, newer] = [was.definition, is.definition];
  if (older === undefined || newer === undefined) {
    if (was.name !== is.name) report("FIELD_NAMED_TYPE_CHANGED", path, words);
    return;
  }
  const name = localName(older);
  if (name !== localName(newer)) report("FIELD_NAMED_TYPE_CHANGED", path, words);
  else if (isImported(older) || isImported(newer)) {
    if (isSamePlace(older, newer)) return;
    const message = `The message ${quote(name)} is not the same where it is imported from; its own differences are listed.`;
    goOn({
      older: { ...older, schema: pair.older.schema },
      newer: { ...newer, schema: pair.newer.schema },
      because: { path, message },
    });
  }
}

function isImported({ path }: MessageDefinition): boolean {
  return path !== undefined;
}

function isSamePlace({ place: a }: MessageDefinition, { place: b }: MessageDefinition): boolean {
  return a !== undefined && a.subject === b?.subject && a.version === b.version;
}

/** A label that is not written is none, so there is nothing to compare with; messages and maps have no rule for theirs. */
function compareLabels(older: ProtoField, newer: ProtoField, group: ScalarGroup, place: FieldPlace): void {
  if (older.label === undefined || newer.label === undefined || older.label === newer.label) return;
  place.report(
    group === "text" ? "FIELD_STRING_OR_BYTES_LABEL_CHANGED" : "FIELD_NUMERIC_LABEL_CHANGED",
    place.path,
    changed(startSentence(nameField(newer)), older.label, newer.label),
  );
}

function seeType(type: ProtoType, side: Side): SeenType {
  switch (type.kind) {
    case "scalar":
      return { kind: "scalar", group: scalarGroups[type.name], text: type.name };
    case "map": {
      const key = seeType({ kind: "scalar", name: type.key }, side);
      const value = seeType(type.value, side);
      return { kind: "map", key, value, text: `a map of ${key.text} to ${value.text}` };
    }
    case "named":
    case "group": {
      // A group defines a message of its name where it stands, so the name is looked up like any other.
      const definition = side.schema.resolve(type.name, side.type.fullName, side.path);
      if (definition?.kind === "enum")
        return { kind: "scalar", group: "varint", text: `the enum ${quote(definition.type.fullName)}` };
      const name = type.name.replace(/^\./, "");
      if (definition === undefined) return { kind: "message", name, text: `the unknown type ${quote(name)}` };
      return { kind: "message", name, definition, text: `the message ${quote(definition.type.fullName)}` };
    }
  }
}
