import type { ProtoEnum, ProtoEnumValue, ProtoOption, ProtoRange } from "../model.ts";
import type { FindExtensionByName } from "../option-shapes.ts";
import type { ProtoSchema } from "../schema.ts";
import { maxEnumNumber } from "../text/body.ts";
import { type NameExtension, printBrackets, printBytes, printOptions } from "./options.ts";

/** What is the same for all of one text. */
export interface PrintContext {
  readonly schema: ProtoSchema;
  readonly isNormalized: boolean;
  readonly findExtension: FindExtensionByName;
}

/** How options are printed that stand in a scope. */
export function namingIn(
  { isNormalized, findExtension }: PrintContext,
  scope: string,
): NameExtension | undefined {
  return isNormalized ? (name) => findExtension(name, scope)?.fullName ?? name : undefined;
}

/** `  option a = 1;`, of every option. */
export function printStatements(
  context: PrintContext,
  options: readonly ProtoOption[],
  scope: string,
): readonly string[] {
  return printOptions(options, namingIn(context, scope)).map((option) => `  option ${option};`);
}

/** Sorts what has no order of its own, when a normalized text is asked for. */
export function sortText({ isNormalized }: PrintContext, lines: readonly string[]): readonly string[] {
  return isNormalized ? [...lines].sort() : lines;
}

export function printEnum(context: PrintContext, one: ProtoEnum, scope: string): readonly string[] {
  const { isNormalized } = context;
  const values = isNormalized ? sortValues(one.values) : one.values;
  return [
    `${one.visibility === undefined ? "" : `${one.visibility} `}enum ${one.name} {`,
    ...printReserved(context, one, maxEnumNumber),
    ...printStatements(context, one.options, scope),
    ...values.map(
      ({ name, number, options }) =>
        `  ${name} = ${number}${printBrackets(options, namingIn(context, scope))};`,
    ),
    "}",
  ];
}

/** The first value stays in front: it is the default, and the zero of an open enum. */
function sortValues([first, ...others]: readonly ProtoEnumValue[]): readonly ProtoEnumValue[] {
  const sorted = others.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
  return first === undefined ? [] : [first, ...sorted];
}

/** `reserved …;`, numbers and names apart. */
export function printReserved(
  context: PrintContext,
  { reservedRanges, reservedNames }: Pick<ProtoEnum, "reservedRanges" | "reservedNames">,
  max: number,
): readonly string[] {
  const ranges = sortRanges(context, reservedRanges);
  const isEdition = context.schema.file.syntax === "editions";
  const names = sortText(context, reservedNames).map((name) =>
    isEdition && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : printBytes(Buffer.from(name)),
  );
  return [
    ...(ranges.length === 0 ? [] : [`  reserved ${ranges.map((one) => printRange(one, max)).join(", ")};`]),
    ...(names.length === 0 ? [] : [`  reserved ${names.join(", ")};`]),
  ];
}

export function sortRanges(
  { isNormalized }: PrintContext,
  ranges: readonly ProtoRange[],
): readonly ProtoRange[] {
  return isNormalized ? [...ranges].sort((a, b) => a.from - b.from) : ranges;
}

export function printRange({ from, to }: ProtoRange, max: number): string {
  return from === to ? `${from}` : `${from} to ${to === max ? "max" : to}`;
}
