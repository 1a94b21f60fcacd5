import type { ProtoEnum, ProtoMessage, ProtoRange } from "../model.ts";
import type { EncodeContext } from "./options.ts";
import { type WireParts, writeInteger, writeMessage, writeText } from "./write.ts";

/** As an EnumDescriptorProto. */
export function encodeEnum(context: EncodeContext, one: ProtoEnum, scope: string): WireParts {
  return [
    ...writeText(1, one.name),
    ...one.values.flatMap(({ name, number, options }) =>
      writeMessage(2, [
        ...writeText(1, name),
        ...writeInteger(2, number),
        ...writeMessage(3, context.encodeOptions("EnumValueOptions", options, scope), false),
      ]),
    ),
    ...writeMessage(3, context.encodeOptions("EnumOptions", one.options, scope), false),
    ...encodeRanges(4, one.reservedRanges, 0),
    ...one.reservedNames.flatMap((name) => writeText(5, name)),
    ...visibilityCode(6, one.visibility),
  ];
}

/** @param beyond 1 where the written end does not belong to the range, as in messages */
export function encodeRanges(number: number, ranges: readonly ProtoRange[], beyond: 0 | 1): WireParts {
  return ranges.flatMap(({ from, to }) =>
    writeMessage(number, [...writeInteger(1, from), ...writeInteger(2, to + beyond)]),
  );
}

export function visibilityCode(number: number, visibility: ProtoMessage["visibility"]): WireParts {
  return visibility === undefined ? [] : writeInteger(number, visibility === "local" ? 1 : 2);
}
