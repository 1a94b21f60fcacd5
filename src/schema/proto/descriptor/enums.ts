import { limitFault, quote } from "../../limits.ts";
import type { ProtoEnum, ProtoMessage, ProtoRange } from "../model.ts";
import { joinName, maxEnumNumber, maxFieldNumber, minEnumNumber } from "../text/body.ts";
import { type DescriptorContext, readName } from "./fields.ts";
import { readDescriptorOptions } from "./options.ts";
import type { WireMessage } from "./wire.ts";

/** Fields of EnumDescriptorProto. */
const its = { name: 1, values: 2, options: 3, reservedRanges: 4, reservedNames: 5, visibility: 6 };

/** Of a SymbolVisibility. */
export function visibilityOf(code: number | undefined): Pick<ProtoMessage, "visibility"> {
  return code === 1 ? { visibility: "local" } : code === 2 ? { visibility: "export" } : {};
}

export function readEnum(context: DescriptorContext, parent: string, one: WireMessage): ProtoEnum {
  const { limits, at } = context;
  const name = readName(context, one.text(its.name), "The name of an enum");
  const fullName = joinName(parent, name);
  if (one.count(its.values) > limits.symbols)
    throw context.refuse(`${quote(fullName)} has more than ${limits.symbols} values.`, limitFault);
  return {
    ...{ name, fullName },
    values: one.messages(its.values, (value) => ({
      name: readName(context, value.text(1), "The name of a value"),
      number: value.integer(2) ?? 0,
      options: readDescriptorOptions(context, value.bytes(3), "EnumValueOptions"),
      at,
    })),
    reservedRanges: readRanges(context, one, its.reservedRanges, "enum"),
    reservedNames: one.texts(its.reservedNames),
    options: readDescriptorOptions(context, one.bytes(its.options), "EnumOptions"),
    ...visibilityOf(one.integer(its.visibility)),
    at,
  };
}

/** The end belongs to a range of an enum, and not to one of a message. */
export function readRanges(
  context: DescriptorContext,
  scope: WireMessage,
  number: number,
  of: "field" | "enum",
): readonly ProtoRange[] {
  const [min, max] = of === "field" ? [1, maxFieldNumber] : [minEnumNumber, maxEnumNumber];
  return scope.messages(number, (range) => {
    const from = range.integer(1) ?? 0;
    const to = (range.integer(2) ?? 0) - (of === "field" ? 1 : 0);
    if (!(from >= min && from <= to && to <= max))
      throw context.refuse(`A range of numbers goes from ${from} to ${to}.`);
    return { from, to, options: readDescriptorOptions(context, range.bytes(3), "ExtensionRangeOptions") };
  });
}
