import {
  allEnums,
  allMessages,
  type CaseEnum,
  type CaseField,
  type CaseFile,
  type CaseMessage,
  type CaseType,
  type Scalar,
  scalars,
  seenFrom,
} from "./model.ts";
import type { Random } from "./random.ts";

const keys: readonly Scalar[] = ["string", "int32", "int64", "uint64", "bool", "sint32", "fixed64"];

/** A file of a few messages and enums of every kind that its syntax allows. */
export function generateCase(random: Random, packageName: string): CaseFile {
  const syntax = random.pick(["proto3", "proto3", "proto2", "editions"] as const);
  const file: CaseFile = {
    ...{ syntax, package: packageName },
    ...{ imported: { messages: [], enums: [] }, messages: [], enums: [] },
  };
  const empty = (name: string): CaseMessage => ({
    ...{ name, fields: [], reserved: [], reservedNames: [], extensions: [] },
    ...{ messages: [], enums: [] },
  });
  file.enums.push(generateEnum(random, file, "Color"));
  file.messages.push(empty("Item"), empty("Order"));
  if (random.chance(0.5)) file.messages.push(empty("Person"));
  const holder = random.pick(file.messages);
  if (random.chance(0.6)) holder.messages.push(empty("Inner"));
  if (random.chance(0.4)) holder.enums.push(generateEnum(random, file, "State"));
  if (random.chance(0.3)) file.imported.messages.push(empty("Money"));
  for (const { message } of allMessages(file)) fillMessage(random, seenFrom(file, message), message);
  return file;
}

export function generateEnum(random: Random, file: CaseFile, name: string): CaseEnum {
  const prefix = name.toUpperCase();
  // A closed enum begins where it likes.
  const isClosed = file.syntax === "proto2" || (file.syntax === "editions" && random.chance(0.3));
  const first = isClosed && random.chance(0.3) ? 1 : 0;
  const values = Array.from({ length: 2 + random.below(3) }, (_, index) => ({
    name: `${prefix}_V${index + first}`,
    number: index + first,
  }));
  if (random.chance(0.15)) values.push({ name: `${prefix}_LOW`, number: -1 });
  const reserved = random.chance(0.3) ? [{ from: 20, to: 20 + random.below(3) }] : [];
  return { name, values, reserved, ...(isClosed && file.syntax === "editions" ? { isClosed } : {}) };
}

function fillMessage(random: Random, file: CaseFile, message: CaseMessage): void {
  const count = 2 + random.below(5);
  let number = 0;
  for (let index = 0; index < count; index++) {
    number += 1 + (random.chance(0.2) ? 1 : 0);
    message.fields.push(generateField(random, file, { name: `f${index}`, number }));
  }
  if (random.chance(0.4)) {
    const members = message.fields.filter(
      (field) => isSingular(field) && field.label !== "required" && random.chance(0.6),
    );
    for (const field of members.slice(0, 3)) field.oneof = "choice";
  }
  if (random.chance(0.3)) message.reserved.push({ from: 100, to: 100 + random.below(4) });
  if (random.chance(0.2)) message.reservedNames.push("gone");
  if (file.syntax !== "proto3" && random.chance(0.2)) message.extensions.push({ from: 200, to: 299 });
}

export function isSingular({ label, type }: CaseField): boolean {
  return label !== "repeated" && type.kind !== "map";
}

/** A field of any type and label that the file allows. */
export function generateField(
  random: Random,
  file: CaseFile,
  { name, number }: { readonly name: string; readonly number: number },
): CaseField {
  const type = generateType(random, file);
  const field: CaseField = { name, number, label: generateLabel(random, file), type };
  if (type.kind === "map") field.label = "";
  const mayDelimit = file.syntax === "editions" && type.kind === "message";
  if (mayDelimit && random.chance(0.3)) field.isDelimited = true;
  if (random.chance(0.25)) setDefault(random, file, field);
  return field;
}

export function generateLabel(random: Random, file: CaseFile): CaseField["label"] {
  if (file.syntax === "proto3") return random.pick(["", "", "optional", "repeated"]);
  return random.pick(["optional", "optional", "optional", "repeated", "required"]);
}

export function generateType(random: Random, file: CaseFile): CaseType {
  const roll = random.below(10);
  if (roll < 6) return { kind: "scalar", name: random.pick(scalars) };
  const enums = allEnums(file);
  if (roll === 6 && enums.length > 0) return { kind: "enum", name: random.pick(enums).path };
  if (roll < 9) return { kind: "message", name: random.pick(allMessages(file)).path };
  let value = generateType(random, file);
  while (value.kind === "map" || startsAboveZero(value, file)) value = generateType(random, file);
  return { kind: "map", key: random.pick(keys), value };
}

/** Gives a field another default, where it may have one. */
export function setDefault(random: Random, file: CaseFile, field: CaseField): boolean {
  const { type } = field;
  if (file.syntax === "proto3" || !isSingular(field) || type.kind === "message" || type.kind === "map")
    return false;
  if (type.kind === "enum") {
    const values = allEnums(file).find(({ path }) => path === type.name)?.type.values ?? [];
    field.default = random.pick(values).name;
  } else if (type.name === "string" || type.name === "bytes")
    field.default = random.pick(['"x"', '""', '"y\\n"']);
  else if (type.name === "bool") field.default = random.pick(["true", "false"]);
  else if (type.name === "float" || type.name === "double") field.default = random.pick(["1.5", "inf", "0"]);
  else field.default = random.pick(["7", "0x10", "0", "007"]);
  return true;
}

/** Enums that do not begin with zero are no values of maps. */
function startsAboveZero(type: CaseType, file: CaseFile): boolean {
  if (type.kind !== "enum") return false;
  return allEnums(file).find(({ path }) => path === type.name)?.type.values[0]?.number !== 0;
}
