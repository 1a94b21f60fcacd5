import type { TextSpan } from "../../text-span.ts";
import type { ProtoOption, ProtoValue, ProtoValueField } from "../model.ts";
import type { OptionShape } from "../option-shapes.ts";
import { type FindExtension, type KnownField, optionShape, shapeOfField } from "../option-shapes.ts";
import type { Refuse } from "../text/checks.ts";
import { readOptionValues, valuesOf } from "./values.ts";

/** What reading options needs of the descriptor that they stand in. */
export interface OptionContext {
  readonly refuse: Refuse;
  readonly at: TextSpan;
  /** Absent: custom options are left out. */
  readonly findExtension?: FindExtension;
}

const maxDepth = 64;

/**
 * The options of a definition, in the form that the parser of texts gives them. Fields that nothing at hand defines
 * are left out.
 * @param type simple name of the options' message, for example `FieldOptions`
 */
export function readDescriptorOptions(
  context: OptionContext,
  bytes: Uint8Array,
  type: string,
): ProtoOption[] {
  const shape = bytes.length === 0 ? undefined : optionShape(type);
  if (shape === undefined) return [];
  return readFields(context, shape, bytes, 1).flatMap(({ name, isExtension, value }) => {
    // Features are written one by one: each is an option of its own.
    if (name !== "features" || isExtension || value.kind !== "message")
      return [{ name: [{ name, isExtension }], value, at: context.at }];
    return value.fields.map((feature) => ({
      name: [
        { name, isExtension },
        { name: feature.name, isExtension: feature.isExtension },
      ],
      value: feature.value,
      at: context.at,
    }));
  });
}

function readFields(
  context: OptionContext,
  shape: OptionShape,
  bytes: Uint8Array,
  depth: number,
): readonly ProtoValueField[] {
  if (depth > maxDepth) throw context.refuse("The value of an option is nested too deeply.");
  return readOptionValues(bytes, context.refuse).flatMap(({ number, value }) => {
    const found = findField(context, shape, number);
    if (found === undefined) return [];
    const { name, isExtension, known } = found;
    const message = known.field.type.kind === "map" ? entryShape(shape, known) : shapeOfField(known);
    const values: readonly ProtoValue[] =
      message === undefined
        ? valuesOf(known, value, context.refuse)
        : [{ kind: "message", fields: readFields(context, message, toBytes(value, context), depth + 1) }];
    return values.map((one) => ({ name, isExtension, value: one }));
  });
}

interface Found {
  readonly name: string;
  readonly isExtension: boolean;
  readonly known: KnownField;
}

function findField({ findExtension }: OptionContext, shape: OptionShape, number: number): Found | undefined {
  const { message, lookUp, path } = shape;
  const field = message.fields.find((one) => one.number === number);
  if (field !== undefined) {
    const name = field.type.kind === "group" ? field.type.name : field.name;
    return { name, isExtension: false, known: { field, lookUp, scope: message.fullName, path } };
  }
  const extension = findExtension?.(message.fullName, number);
  return extension && { name: extension.fullName, isExtension: true, known: extension };
}

/** The entry of a map as the message that it is. */
function entryShape(shape: OptionShape, { field }: KnownField): OptionShape | undefined {
  const { type, at } = field;
  if (type.kind !== "map") return undefined;
  const key = { name: "key", number: 1, type: { kind: "scalar", name: type.key }, options: [], at } as const;
  const value = { name: "value", number: 2, type: type.value, options: [], at };
  return { ...shape, message: { ...shape.message, fields: [key, value] } };
}

function toBytes(value: bigint | Uint8Array, { refuse }: OptionContext): Uint8Array {
  if (typeof value === "bigint") throw refuse("An option is a number where a message is meant.");
  return value;
}

export function toOption(at: TextSpan, names: readonly string[], value: ProtoValue): ProtoOption {
  return { name: names.map((name) => ({ name, isExtension: false })), value, at };
}

export function word(text: string): ProtoValue {
  return { kind: "identifier", text };
}
