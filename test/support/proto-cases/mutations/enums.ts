import { allMessages, type CaseEnum, type CaseFile, namesIn } from "../model.ts";
import type { Random } from "../random.ts";
import { dropDefaults, type Mutation, onEnum, some } from "./steps.ts";

/** Changes of enums and their values. */
export const enums: Readonly<Record<string, Mutation>> = {
  "enum value added": onEnum((type, random) => {
    const number = 30 + random.below(5);
    const name = `${type.name.toUpperCase()}_A${number}`;
    if (type.values.some((value) => value.name === name)) return false;
    type.values.push({ name, number });
    return true;
  }),
  "enum value removed": onEnum((type, random, file) => removeValue(type, random, file, false)),
  "enum value removed and reserved": onEnum((type, random, file) => removeValue(type, random, file, true)),
  "enum value renumbered": onEnum((type, random) => {
    const value = some(random, type.values.slice(1));
    if (value === undefined) return false;
    value.number = 40 + random.below(9);
    return true;
  }),
  "enum value renamed": onEnum((type, random, file) => {
    const value = random.pick(type.values);
    dropDefaults(file, new Set([value.name]));
    value.name = `${value.name}X`;
    return true;
  }),
  "enum value in front": onEnum((type, _random, file) => {
    const inMaps = allMessages(file).flatMap(({ message }) =>
      message.fields.flatMap((field) => (field.type.kind === "map" ? namesIn(field) : [])),
    );
    const isClosed = type.isClosed === true || file.syntax === "proto2";
    if (!isClosed || type.values[0]?.number === 60 || inMaps.some((name) => name.endsWith(type.name)))
      return false;
    type.values.unshift({ name: `${type.name.toUpperCase()}_FRONT`, number: 60 });
    return true;
  }),
  "enum reservation removed": onEnum((type) => {
    const had = type.reserved.length > 0;
    type.reserved = [];
    return had;
  }),
  "reserved enum number used": onEnum((type) => {
    const [range] = type.reserved.splice(0, 1);
    if (range === undefined) return false;
    type.values.push({ name: `${type.name.toUpperCase()}_R${range.from}`, number: range.from });
    if (range.to > range.from) type.reserved.push({ from: range.from + 1, to: range.to });
    return true;
  }),
};

function removeValue(type: CaseEnum, random: Random, file: CaseFile, isReserved: boolean): boolean {
  const value = some(random, type.values.slice(1));
  if (value === undefined) return false;
  type.values = type.values.filter((one) => one !== value);
  dropDefaults(file, new Set([value.name]));
  if (isReserved) type.reserved.push({ from: value.number, to: value.number });
  return true;
}
