import { isSingular } from "../generate.ts";
import {
  allEnums,
  allMessages,
  type CaseEnum,
  type CaseField,
  type CaseFile,
  type CaseMessage,
  type CaseType,
  seenFrom,
} from "../model.ts";
import type { Random } from "../random.ts";

/** One change of a file, made in place; false when there is nothing that it could change. */
export type Mutation = (random: Random, file: CaseFile) => boolean;

export const some = <T>(random: Random, items: readonly T[]): T | undefined =>
  items.length === 0 ? undefined : random.pick(items);

export function someMessage(random: Random, file: CaseFile): CaseMessage {
  return random.pick(allMessages(file)).message;
}

/** A change of one field of a message. */
export function onField(
  change: (field: CaseField, message: CaseMessage, random: Random, file: CaseFile) => boolean,
  isMeant: (field: CaseField) => boolean = () => true,
): Mutation {
  return (random, file) => {
    const message = someMessage(random, file);
    const field = some(random, message.fields.filter(isMeant));
    return field !== undefined && change(field, message, random, seenFrom(file, message));
  };
}

export function onEnum(change: (type: CaseEnum, random: Random, file: CaseFile) => boolean): Mutation {
  return (random, file) => change(random.pick(allEnums(file)).type, random, file);
}

export function freeNumber(random: Random, { fields, reserved }: CaseMessage): number {
  const taken = new Set([...fields.map(({ number }) => number), ...reserved.map(({ from }) => from)]);
  let number = 30 + random.below(20);
  while (taken.has(number)) number++;
  return number;
}

export function removeField(field: CaseField, message: CaseMessage): true {
  message.fields = message.fields.filter((one) => one !== field);
  return true;
}

/** Another type; what only fitted the old one goes. */
export function retype(field: CaseField, type: CaseType): true {
  field.type = type;
  delete field.default;
  delete field.isDelimited;
  return true;
}

export function oneofsOf({ fields }: CaseMessage): readonly string[] {
  return [...new Set(fields.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof])))];
}

export const mayJoin = (field: CaseField): boolean =>
  isSingular(field) && field.label !== "required" && field.oneof === undefined;

/** A field that leaves a oneof of a proto2 file needs a label. */
export function leaveOneof(field: CaseField, file: CaseFile): true {
  delete field.oneof;
  if (file.syntax === "proto2") field.label = "optional";
  else if (field.label === "required" || field.label === "repeated") field.label = "";
  return true;
}

/** Names of values stand as defaults; those that are gone must go there, too. */
export function dropDefaults(file: CaseFile, names: ReadonlySet<string>): void {
  for (const { message } of allMessages(file))
    for (const field of message.fields)
      if (field.default !== undefined && names.has(field.default)) delete field.default;
}

/** Whether the name stands outside of messages, in the file or in its import. */
export function isTaken(file: CaseFile, name: string): boolean {
  return [...allMessages(file), ...allEnums(file)].some(({ path }) => path === name);
}

/** Both files share their package, but an import does not see what the file holds. */
export function freshName(name: string, { isImport }: CaseFile): string {
  return isImport === true ? `${name}Imported` : name;
}

export function renameType(file: CaseFile, from: string, to: string): void {
  const change = (type: CaseType): void => {
    if (type.kind === "map") change(type.value);
    else if (type.kind !== "scalar" && (type.name === from || type.name.startsWith(`${from}.`)))
      type.name = `${to}${type.name.slice(from.length)}`;
  };
  for (const { message } of allMessages(file)) for (const { type } of message.fields) change(type);
}
