import type { ProtoOption, ProtoValue } from "./proto-model.ts";
import type { WireMessage } from "./proto-wire.ts";
import type { TextSpan } from "./text-span.ts";

type OptionSource = "file" | "message" | "field" | "oneof" | "enum" | "value";

/** Which field of an options message holds what; options that no rule reads are left out. */
const flags: Readonly<Record<OptionSource, readonly (readonly [field: number, name: string])[]>> = {
  file: [[23, "deprecated"]],
  message: [[3, "deprecated"]],
  field: [
    [2, "packed"],
    [3, "deprecated"],
  ],
  oneof: [],
  enum: [
    [2, "allow_alias"],
    [3, "deprecated"],
  ],
  value: [[1, "deprecated"]],
};
const featuresField: Readonly<Record<OptionSource, number>> = {
  ...{ file: 50, message: 12, field: 21, oneof: 1, enum: 7, value: 2 },
};
/** FeatureSet of descriptor.proto: names of the values by number, the unset one first. */
const features: readonly (readonly [field: number, name: string, values: readonly string[]])[] = [
  [1, "field_presence", ["", "EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"]],
  [2, "enum_type", ["", "OPEN", "CLOSED"]],
  [3, "repeated_field_encoding", ["", "PACKED", "EXPANDED"]],
  [4, "utf8_validation", ["", "", "VERIFY", "NONE"]],
  [5, "message_encoding", ["", "LENGTH_PREFIXED", "DELIMITED"]],
  [6, "json_format", ["", "ALLOW", "LEGACY_BEST_EFFORT"]],
];

/** The options of a definition, in the form that the parser of texts gives them. */
export function readDescriptorOptions(
  options: WireMessage | undefined,
  source: OptionSource,
  at: TextSpan,
): ProtoOption[] {
  if (options === undefined) return [];
  const found: ProtoOption[] = [];
  for (const [field, name] of flags[source])
    if (options.count(field) > 0) found.push(toOption(at, [name], word(String(options.isTrue(field)))));
  const set = options.merged(featuresField[source]);
  for (const [field, name, values] of set === undefined ? [] : features) {
    const value = values[set?.integer(field) ?? 0] ?? "";
    if (value !== "") found.push(toOption(at, ["features", name], word(value)));
  }
  return found;
}

export function toOption(at: TextSpan, names: readonly string[], value: ProtoValue): ProtoOption {
  return { name: names.map((name) => ({ name, isExtension: false })), value, at };
}

export function word(text: string): ProtoValue {
  return { kind: "identifier", text };
}
