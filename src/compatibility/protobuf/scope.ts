import { quote } from "../../schema/limits.ts";
import type { ProtoEnum, ProtoMessage } from "../../schema/proto/model.ts";
import type { Report } from "./kinds.ts";
import { changed, nameAll, only } from "./words.ts";

/** A file or a message, as far as it holds types. */
export interface TypeScope {
  readonly messages: readonly ProtoMessage[];
  readonly enums: readonly ProtoEnum[];
}

/** One message name in both schemas. */
export interface SameName {
  readonly older: ProtoMessage;
  readonly newer: ProtoMessage;
}

/**
 * Compares which messages and enums two files or two messages hold, and the enums themselves; gives the messages that
 * both have.
 */
export function compareScopes(
  older: TypeScope,
  newer: TypeScope,
  path: string,
  report: Report,
): readonly SameName[] {
  compareEnums(older.enums, newer.enums, path, report);
  const before = placesByName(older.messages);
  const after = placesByName(newer.messages);
  const both: SameName[] = [];
  for (const [name, was] of before) {
    const is = after.get(name);
    const at = `${path}/${name}`;
    const subject = `message ${quote(name)}`;
    if (is === undefined) report("MESSAGE_REMOVED", at, only("writing", subject));
    else {
      if (was.place !== is.place)
        report(
          "MESSAGE_MOVED",
          at,
          `The ${subject} stands at place ${was.place} in the writing schema and at place ${is.place} in the reading one.`,
        );
      both.push({ older: was.type, newer: is.type });
    }
  }
  for (const name of after.keys())
    if (!before.has(name))
      report("MESSAGE_ADDED", `${path}/${name}`, only("reading", `message ${quote(name)}`));
  return both;
}

/** Messages with their place among the others, counted from 1. Entries of maps are no messages of the text. */
function placesByName(
  messages: readonly ProtoMessage[],
): Map<string, { readonly type: ProtoMessage; readonly place: number }> {
  const places = new Map<string, { type: ProtoMessage; place: number }>();
  for (const type of messages) if (!isMapEntry(type)) places.set(type.name, { type, place: places.size + 1 });
  return places;
}

function isMapEntry({ options }: ProtoMessage): boolean {
  return options.some(
    ({ name: [part, ...more], value }) =>
      part?.name === "map_entry" &&
      !part.isExtension &&
      more.length === 0 &&
      value.kind === "identifier" &&
      value.text === "true",
  );
}

function compareEnums(
  older: readonly ProtoEnum[],
  newer: readonly ProtoEnum[],
  path: string,
  report: Report,
): void {
  const after = new Map(newer.map((one) => [one.name, one]));
  for (const was of older) {
    const is = after.get(was.name);
    const at = `${path}/${was.name}`;
    if (is === undefined) report("ENUM_REMOVED", at, only("writing", `enum ${quote(was.name)}`));
    else compareConstants(was, is, at, report);
    after.delete(was.name);
  }
  for (const { name } of after.values())
    report("ENUM_ADDED", `${path}/${name}`, only("reading", `enum ${quote(name)}`));
}

/** Constants are one by number; `allow_alias` gives a number several names, whose order means nothing. */
function compareConstants(older: ProtoEnum, newer: ProtoEnum, path: string, report: Report): void {
  const before = namesByNumber(older);
  const after = namesByNumber(newer);
  const inEnum = `of the enum ${quote(older.name)}`;
  for (const [number, was] of before) {
    const is = after.get(number);
    const at = `${path}/${number}`;
    if (is === undefined)
      report("ENUM_CONST_REMOVED", at, only("writing", `number ${number} ${nameAll(was)} ${inEnum}`));
    else if (was.size !== is.size || [...was].some((name) => !is.has(name)))
      report("ENUM_CONST_CHANGED", at, changed(`Number ${number} ${inEnum}`, nameAll(was), nameAll(is)));
  }
  for (const [number, is] of after)
    if (!before.has(number))
      report(
        "ENUM_CONST_ADDED",
        `${path}/${number}`,
        only("reading", `number ${number} ${nameAll(is)} ${inEnum}`),
      );
}

function namesByNumber({ values }: ProtoEnum): Map<number, Set<string>> {
  const names = new Map<number, Set<string>>();
  for (const { name, number } of values) {
    const known = names.get(number);
    if (known === undefined) names.set(number, new Set([name]));
    else known.add(name);
  }
  return names;
}
