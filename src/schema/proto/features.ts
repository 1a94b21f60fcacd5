import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage, ProtoOption } from "./model.ts";

/** What syntax, edition and `features` options say of a definition, inherited from the file inwards. */
export interface ProtoFeatures {
  readonly presence: "explicit" | "implicit" | "required";
  readonly enums: "open" | "closed";
  readonly repeated: "packed" | "expanded";
  readonly messages: "length-prefixed" | "delimited";
}

const proto2: ProtoFeatures = {
  ...{ presence: "explicit", enums: "closed", repeated: "expanded", messages: "length-prefixed" },
};
const proto3: ProtoFeatures = { ...proto2, presence: "implicit", enums: "open", repeated: "packed" };
const editions: ProtoFeatures = { ...proto3, presence: "explicit" };

const changes: ReadonlyMap<string, ReadonlyMap<string, Partial<ProtoFeatures>>> = new Map(
  Object.entries({
    field_presence: {
      EXPLICIT: { presence: "explicit" },
      IMPLICIT: { presence: "implicit" },
      LEGACY_REQUIRED: { presence: "required" },
    },
    enum_type: { OPEN: { enums: "open" }, CLOSED: { enums: "closed" } },
    repeated_field_encoding: { PACKED: { repeated: "packed" }, EXPANDED: { repeated: "expanded" } },
    message_encoding: {
      LENGTH_PREFIXED: { messages: "length-prefixed" },
      DELIMITED: { messages: "delimited" },
    },
  } satisfies Record<string, Record<string, Partial<ProtoFeatures>>>).map(([name, values]) => [
    name,
    new Map<string, Partial<ProtoFeatures>>(Object.entries(values)),
  ]),
);

/** The features of the file itself, or rather what its types begin with. */
export function fileFeatures(file: ProtoFile): ProtoFeatures {
  if (file.syntax !== "editions") return file.syntax === "proto2" ? proto2 : proto3;
  return narrowFeatures(editions, file.options);
}

/**
 * Looks up the features of the types of a file. Those of an enum say whether it is closed, those of a message hold
 * for its fields; without a type those of the file itself.
 */
export function createFeatures(file: ProtoFile): (type?: ProtoMessage | ProtoEnum) => ProtoFeatures {
  const outermost = fileFeatures(file);
  // Outside of editions no option changes them.
  if (file.syntax !== "editions") return () => outermost;
  const known = new Map<ProtoMessage | ProtoEnum, ProtoFeatures>();
  const collect = (scope: Pick<ProtoMessage, "messages" | "enums">, outer: ProtoFeatures): void => {
    for (const type of scope.enums) known.set(type, narrowFeatures(outer, type.options));
    for (const type of scope.messages) {
      const features = narrowFeatures(outer, type.options);
      known.set(type, features);
      collect(type, features);
    }
  };
  collect(file, outermost);
  return (type) => (type && known.get(type)) ?? outermost;
}

/** The features of a definition with these options inside of one that has `outer`. */
export function narrowFeatures(outer: ProtoFeatures, options: readonly ProtoOption[]): ProtoFeatures {
  let features = outer;
  const change = (name: string, value: string): void => {
    features = { ...features, ...changes.get(name)?.get(value) };
  };
  for (const { name, value } of options) {
    const [first, second] = name;
    if (first?.name !== "features" || first.isExtension) continue;
    if (second === undefined && value.kind === "message")
      for (const field of value.fields)
        if (!field.isExtension && field.value.kind === "identifier") change(field.name, field.value.text);
    if (name.length === 2 && second?.isExtension === false && value.kind === "identifier")
      change(second.name, value.text);
  }
  return features;
}

/** What the type of a field is; `unknown` where it could not be found. */
export type FieldKind = "scalar" | "enum" | "message" | "unknown";

/** `repeated` for maps as well; `implicit`: a field that is not there reads as its zero value. */
export type Presence = "required" | "explicit" | "implicit" | "repeated";

/** @param outer features of the message that the field stands in */
export function presenceOf(field: ProtoField, outer: ProtoFeatures, kind: FieldKind): Presence {
  if (field.label === "repeated" || field.type.kind === "map") return "repeated";
  if (field.label === "required") return "required";
  if (field.label === "optional" || field.oneof !== undefined) return "explicit";
  const { presence } = narrowFeatures(outer, field.options);
  return presence === "implicit" && (kind === "message" || field.type.kind === "group")
    ? "explicit"
    : presence;
}

/** Whether a writer packs the values of a repeated field. Readers take both forms. */
export function isPacked(field: ProtoField, outer: ProtoFeatures, kind: FieldKind): boolean {
  const { type } = field;
  const isNumber = type.kind === "scalar" && type.name !== "string" && type.name !== "bytes";
  if (field.label !== "repeated" || !(isNumber || kind === "enum")) return false;
  const written = field.options.find(({ name }) => name.length === 1 && name[0]?.name === "packed");
  if (written?.value.kind === "identifier") return written.value.text === "true";
  return narrowFeatures(outer, field.options).repeated === "packed";
}

/** Whether a message stands between group tags and not behind its length. */
export function isDelimited(field: ProtoField, outer: ProtoFeatures, kind: FieldKind): boolean {
  if (field.type.kind === "group") return true;
  if (kind !== "message" || field.type.kind === "map") return false;
  return narrowFeatures(outer, field.options).messages === "delimited";
}
