import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoMessage,
  ProtoOneof,
  ProtoSimpleType,
} from "../model.ts";
import { maxFieldNumber } from "../text/body.ts";
import {
  namingIn,
  type PrintContext,
  printEnum,
  printRange,
  printReserved,
  printStatements,
  sortRanges,
} from "./enums.ts";
import { printBrackets } from "./options.ts";

/** A message, or the file as if it were one. */
export interface PrintScope {
  /** Empty text: a file without a package. */
  readonly fullName: string;
  readonly fields: readonly ProtoField[];
  readonly oneofs: readonly ProtoOneof[];
  readonly extends: readonly ProtoExtend[];
  readonly messages: readonly ProtoMessage[];
  readonly enums: readonly ProtoEnum[];
}

type Lines = readonly string[];

/** Everything that stands in a scope, one definition after another. */
export function printScope(context: PrintContext, scope: PrintScope): readonly Lines[] {
  const { isNormalized } = context;
  const groups = groupsOf(scope);
  const printed: Lines[] = [];
  let next = 0;
  // A group is its own message, so messages in front of it have to be printed before it to keep their indexes.
  const printMessages = (end: number): void => {
    for (; next < end; next++) {
      const message = scope.messages[next];
      if (message !== undefined && !groups.has(message.name)) printed.push(printMessage(context, message));
    }
  };
  const printWith = (fields: readonly ProtoField[], lines: () => Lines): void => {
    for (const { type } of fields)
      if (type.kind === "group") printMessages(scope.messages.findIndex(({ name }) => name === type.name));
    printed.push(lines());
  };
  // Sorting would move the messages of groups.
  const canSort = isNormalized && groups.size === 0;
  const fields = canSort ? [...scope.fields].sort((a, b) => a.number - b.number) : scope.fields;
  for (const [oneof, members] of gather(fields, scope.oneofs)) {
    if (oneof === undefined)
      printWith(members, () => members.flatMap((one) => printField(context, scope, one)));
    else printWith(members, () => printOneof(context, scope, oneof, members));
  }
  for (const extend of canSort ? sortExtends(scope.extends) : scope.extends)
    printWith(extend.fields, () => printExtend(context, scope, extend));
  printMessages(scope.messages.length);
  const enums = isNormalized ? [...scope.enums].sort((a, b) => (a.name < b.name ? -1 : 1)) : scope.enums;
  return [...printed, ...enums.map((one) => printEnum(context, one, scope.fullName))];
}

function groupsOf({ fields, extends: extensions }: PrintScope): ReadonlySet<string> {
  const all = [...fields, ...extensions.flatMap((one) => one.fields)];
  return new Set(all.flatMap(({ type }) => (type.kind === "group" ? [type.name] : [])));
}

type Gathered = readonly [oneof: ProtoOneof | undefined, members: readonly ProtoField[]];

/** Fields in their order, each oneof as a whole where its first member stands. */
function gather(fields: readonly ProtoField[], oneofs: readonly ProtoOneof[]): readonly Gathered[] {
  const members = Map.groupBy(fields, ({ oneof }) => oneof);
  const byName = new Map(oneofs.map((oneof) => [oneof.name, oneof]));
  const gathered = fields.flatMap((field): readonly Gathered[] => {
    const all = members.get(field.oneof) ?? [];
    if (field.oneof === undefined) return [[undefined, [field]]];
    return all[0] === field ? [[byName.get(field.oneof), all]] : [];
  });
  const empty = oneofs.filter(({ name }) => !members.has(name)).map((oneof): Gathered => [oneof, []]);
  return [...gathered, ...empty];
}

function sortExtends(extensions: readonly ProtoExtend[]): readonly ProtoExtend[] {
  const first = ({ fields }: ProtoExtend): number => fields[0]?.number ?? 0;
  return [...extensions].sort(
    (a, b) => (a.extendee < b.extendee ? -1 : a.extendee > b.extendee ? 1 : 0) || first(a) - first(b),
  );
}

function printMessage(context: PrintContext, message: ProtoMessage): Lines {
  const visibility = message.visibility === undefined ? "" : `${message.visibility} `;
  return [`${visibility}message ${message.name} {`, ...printBody(context, message), "}"];
}

function printBody(context: PrintContext, message: ProtoMessage): Lines {
  const inner = printScope(context, message);
  return [
    ...printReserved(context, message, maxFieldNumber),
    ...printStatements(context, message.options, message.fullName),
    ...printExtensions(context, message),
    ...inner.flat().map((line) => `  ${line}`),
  ];
}

/** Options belong to one range when they are read, so such a range has a statement of its own. */
function printExtensions(context: PrintContext, message: ProtoMessage): Lines {
  const ranges = sortRanges(context, message.extensionRanges);
  const print = (range: (typeof ranges)[number]): string => printRange(range, maxFieldNumber);
  const plain = ranges.filter(({ options }) => options.length === 0).map(print);
  return [
    ...(plain.length === 0 ? [] : [`  extensions ${plain.join(", ")};`]),
    ...ranges
      .filter(({ options }) => options.length > 0)
      .map(
        (range) =>
          `  extensions ${print(range)}${printBrackets(range.options, namingIn(context, message.fullName))};`,
      ),
  ];
}

function printOneof(
  context: PrintContext,
  scope: PrintScope,
  { name, options }: ProtoOneof,
  members: readonly ProtoField[],
): Lines {
  return [
    `oneof ${name} {`,
    ...printStatements(context, options, scope.fullName),
    ...members.flatMap((field) => printField(context, scope, field)).map((line) => `  ${line}`),
    "}",
  ];
}

function printExtend(context: PrintContext, scope: PrintScope, { extendee, fields }: ProtoExtend): Lines {
  return [
    `extend ${typeName(context, extendee, scope.fullName)} {`,
    ...fields.flatMap((field) => printField(context, scope, field)).map((line) => `  ${line}`),
    "}",
  ];
}

function printField(context: PrintContext, scope: PrintScope, field: ProtoField): Lines {
  const { type, name, number, options } = field;
  const label = field.label === undefined ? "" : `${field.label} `;
  const brackets = printBrackets(options, namingIn(context, scope.fullName));
  if (type.kind === "group") {
    const message = scope.messages.find((one) => one.name === type.name);
    const body = message === undefined ? [] : printBody(context, message);
    return [`${label}group ${type.name} = ${number}${brackets} {`, ...body, "}"];
  }
  const simple = (one: ProtoSimpleType): string =>
    one.kind === "scalar" ? one.name : typeName(context, one.name, scope.fullName);
  const printed = type.kind === "map" ? `map<${type.key}, ${simple(type.value)}>` : simple(type);
  return [`${label}${printed} ${name} = ${number}${brackets};`];
}

/** The name of a type as written; complete, with a leading dot, in a normalized text. */
export function typeName({ schema, isNormalized }: PrintContext, name: string, scope: string): string {
  const found = isNormalized ? schema.resolve(name, scope) : undefined;
  return found === undefined ? name : `.${found.type.fullName}`;
}
