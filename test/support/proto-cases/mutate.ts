import { generateField, generateLabel, generateType, isSingular, setDefault } from "./generate.ts";
import {
  allEnums,
  allMessages,
  type CaseEnum,
  type CaseField,
  type CaseFile,
  type CaseMessage,
  type CaseType,
  messagesOf,
  namesIn,
  scalars,
  seenFrom,
} from "./model.ts";
import type { Random } from "./random.ts";

/** One change of a file, made in place; false when there is nothing that it could change. */
type Mutation = (random: Random, file: CaseFile) => boolean;

const some = <T>(random: Random, items: readonly T[]): T | undefined =>
  items.length === 0 ? undefined : random.pick(items);

function someMessage(random: Random, file: CaseFile): CaseMessage {
  return random.pick(allMessages(file)).message;
}

/** A change of one field of a message. */
function onField(
  change: (field: CaseField, message: CaseMessage, random: Random, file: CaseFile) => boolean,
  isMeant: (field: CaseField) => boolean = () => true,
): Mutation {
  return (random, file) => {
    const message = someMessage(random, file);
    const field = some(random, message.fields.filter(isMeant));
    return field !== undefined && change(field, message, random, seenFrom(file, message));
  };
}

function onEnum(change: (type: CaseEnum, random: Random, file: CaseFile) => boolean): Mutation {
  return (random, file) => change(random.pick(allEnums(file)).type, random, file);
}

function freeNumber(random: Random, { fields, reserved }: CaseMessage): number {
  const taken = new Set([...fields.map(({ number }) => number), ...reserved.map(({ from }) => from)]);
  let number = 30 + random.below(20);
  while (taken.has(number)) number++;
  return number;
}

function removeField(field: CaseField, message: CaseMessage): true {
  message.fields = message.fields.filter((one) => one !== field);
  return true;
}

/** Another type; what only fitted the old one goes. */
function retype(field: CaseField, type: CaseType): true {
  field.type = type;
  delete field.default;
  delete field.isDelimited;
  return true;
}

function oneofsOf({ fields }: CaseMessage): readonly string[] {
  return [...new Set(fields.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof])))];
}

const mayJoin = (field: CaseField): boolean =>
  isSingular(field) && field.label !== "required" && field.oneof === undefined;

/** A field that leaves a oneof of a proto2 file needs a label. */
function leaveOneof(field: CaseField, file: CaseFile): true {
  delete field.oneof;
  if (file.syntax === "proto2") field.label = "optional";
  else if (field.label === "required" || field.label === "repeated") field.label = "";
  return true;
}

/** Names of values stand as defaults; those that are gone must go there, too. */
function dropDefaults(file: CaseFile, names: ReadonlySet<string>): void {
  for (const { message } of allMessages(file))
    for (const field of message.fields)
      if (field.default !== undefined && names.has(field.default)) delete field.default;
}

/** Whether the name stands outside of messages, in the file or in its import. */
function isTaken(file: CaseFile, name: string): boolean {
  return [...allMessages(file), ...allEnums(file)].some(({ path }) => path === name);
}

/** Both files share their package, but an import does not see what the file holds. */
function freshName(name: string, { isImport }: CaseFile): string {
  return isImport === true ? `${name}Imported` : name;
}

function renameType(file: CaseFile, from: string, to: string): void {
  const change = (type: CaseType): void => {
    if (type.kind === "map") change(type.value);
    else if (type.kind !== "scalar" && (type.name === from || type.name.startsWith(`${from}.`)))
      type.name = `${to}${type.name.slice(from.length)}`;
  };
  for (const { message } of allMessages(file)) for (const { type } of message.fields) change(type);
}

export const mutations: Readonly<Record<string, Mutation>> = {
  "field removed": onField(removeField),
  "field removed, number reserved": onField((field, message) => {
    message.reserved.push({ from: field.number, to: field.number });
    return removeField(field, message);
  }),
  "field removed, number and name reserved": onField((field, message) => {
    message.reserved.push({ from: field.number, to: field.number });
    message.reservedNames.push(field.name);
    return removeField(field, message);
  }),
  "field added": (random, file) => {
    const message = someMessage(random, file);
    const number = freeNumber(random, message);
    message.fields.push(generateField(random, seenFrom(file, message), { name: `g${number}`, number }));
    return true;
  },
  "field renamed": onField((field) => {
    field.name = `${field.name}x`;
    return true;
  }),
  "field renumbered": onField((field, message, random) => {
    const old = field.number;
    field.number = freeNumber(random, message);
    if (random.chance(0.5)) message.reserved.push({ from: old, to: old });
    return true;
  }),
  "names of two fields swapped": onField((field, message, random) => {
    const other = some(
      random,
      message.fields.filter((one) => one !== field),
    );
    if (other === undefined) return false;
    [field.name, other.name] = [other.name, field.name];
    return true;
  }),
  "scalar changed": onField(
    (field, _message, random) => retype(field, { kind: "scalar", name: random.pick(scalars) }),
    ({ type }) => type.kind === "scalar",
  ),
  "integer changed": onField(
    (field, _message, random) =>
      retype(field, { kind: "scalar", name: random.pick(["int32", "int64", "uint32", "uint64", "bool"]) }),
    ({ type }) => type.kind === "scalar" && /^(u?int|bool)/.test(type.name),
  ),
  "type changed": onField((field, _message, random, file) => {
    let type = generateType(random, file);
    while (type.kind === "map") type = generateType(random, file);
    return field.type.kind !== "map" && retype(field, type);
  }),
  "label changed": onField(
    (field, _message, random, file) => {
      field.label = generateLabel(random, file);
      delete field.default;
      return true;
    },
    ({ type, oneof }) => type.kind !== "map" && oneof === undefined,
  ),
  "map made a list of entries": onField(
    (field, message, _random, file) => {
      const { type } = field;
      if (type.kind !== "map") return false;
      const name = `Entry${field.number}`;
      if (message.messages.some((one) => one.name === name)) return false;
      const label = file.syntax === "proto3" ? "" : "optional";
      message.messages.push({
        ...{ name, reserved: [], reservedNames: [], extensions: [], messages: [], enums: [] },
        fields: [
          { name: "key", number: 1, label, type: { kind: "scalar", name: type.key } },
          { name: "value", number: 2, label, type: type.value },
        ],
      });
      field.label = "repeated";
      const path = allMessages(file).find((one) => one.message === message)?.path;
      return retype(field, { kind: "message", name: `${path}.${name}` });
    },
    ({ type }) => type.kind === "map",
  ),
  "list of entries made a map": onField(
    (field, _message, random) => {
      field.label = "";
      const value = { kind: "scalar", name: random.pick(scalars) } as const;
      return retype(field, { kind: "map", key: random.pick(["string", "int32", "int64"]), value });
    },
    ({ type, label }) => type.kind === "message" && label === "repeated",
  ),
  "field into a new oneof": onField((field) => {
    field.oneof = "fresh";
    return true;
  }, mayJoin),
  "two fields into a new oneof": (random, file) => {
    const [one, two] = someMessage(random, file).fields.filter(mayJoin);
    if (one === undefined || two === undefined) return false;
    one.oneof = "fresh";
    two.oneof = "fresh";
    return true;
  },
  "field into an existing oneof": onField((field, message, random) => {
    const oneof = some(random, oneofsOf(message));
    if (oneof === undefined) return false;
    field.oneof = oneof;
    return true;
  }, mayJoin),
  "field out of its oneof": onField(
    (field, _message, _random, file) => leaveOneof(field, file),
    ({ oneof }) => oneof !== undefined,
  ),
  "oneof renamed": (random, file) => {
    const message = someMessage(random, file);
    const oneof = some(random, oneofsOf(message));
    for (const field of message.fields)
      if (field.oneof === oneof && oneof !== undefined) field.oneof = "renamed";
    return oneof !== undefined;
  },
  "member added to a oneof": (random, file) => {
    const message = someMessage(random, file);
    const oneof = some(random, oneofsOf(message));
    if (oneof === undefined) return false;
    const number = freeNumber(random, message);
    const type = { kind: "scalar", name: random.pick(scalars) } as const;
    message.fields.push({ name: `g${number}`, number, label: "", type, oneof });
    return true;
  },
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
  "reserved number used": (random, file) => {
    const message = someMessage(random, file);
    const [range] = message.reserved.splice(0, 1);
    if (range === undefined) return false;
    const place = { name: `r${range.from}`, number: range.from };
    message.fields.push(generateField(random, seenFrom(file, message), place));
    if (range.to > range.from) message.reserved.push({ from: range.from + 1, to: range.to });
    return true;
  },
  "reservation removed": (random, file) => {
    const message = someMessage(random, file);
    const had = message.reserved.length > 0;
    message.reserved = [];
    return had;
  },
  "reserved name removed": (random, file) => {
    const message = someMessage(random, file);
    const had = message.reservedNames.length > 0;
    message.reservedNames = [];
    return had;
  },
  "extension range cut": (random, file) => {
    const range = some(random, someMessage(random, file).extensions);
    if (range === undefined) return false;
    range.to -= 50;
    return true;
  },
  "default changed": onField((field, _message, random, file) => setDefault(random, file, field)),
  "default removed": onField(
    (field) => delete field.default,
    (field) => field.default !== undefined,
  ),
  "message added": (random, file) => {
    if (isTaken(file, "Added")) return false;
    const fields = [generateField(random, file, { name: "f0", number: 1 })];
    const empty = { reserved: [], reservedNames: [], extensions: [], messages: [], enums: [] };
    file.messages.unshift({ name: "Added", fields, ...empty });
    return true;
  },
  "message removed": (random, file) => {
    const used = new Set(allMessages(file).flatMap(({ message }) => message.fields.flatMap(namesIn)));
    const unused = file.messages.filter(
      (message) =>
        !messagesOf({ messages: [message], enums: [] }).some(({ path }) => used.has(path)) &&
        !message.enums.some(({ name }) => used.has(`${message.name}.${name}`)),
    );
    const removed = some(random, unused);
    if (removed === undefined || file.messages.length === 1) return false;
    file.messages = file.messages.filter((message) => message !== removed);
    return true;
  },
  "message renamed": (random, file) => {
    const message = random.pick(file.messages);
    renameType(file, message.name, `${message.name}Renamed`);
    message.name = `${message.name}Renamed`;
    return true;
  },
  "nested message hoisted": (random, file) => {
    const nested = messagesOf(file).filter(({ path }) => path.includes("."));
    const found = some(random, nested);
    if (found === undefined || isTaken(file, found.message.name)) return false;
    found.holder.messages = found.holder.messages.filter((message) => message !== found.message);
    file.messages.push(found.message);
    renameType(file, found.path, found.message.name);
    return true;
  },
  "message moved to an import": (random, file) => {
    // Only what refers to nothing can move: the import would need an import of its own.
    const found = some(
      random,
      file.messages.filter(({ fields }) => fields.every(({ type }) => type.kind === "scalar")),
    );
    if (found === undefined || file.messages.length === 1 || found.enums.length + found.messages.length > 0)
      return false;
    file.messages = file.messages.filter((message) => message !== found);
    file.imported.messages.push(found);
    return true;
  },
  "message replaced by a copy": onField(
    (field, _message, random, file) => replaceByCopy(field, random, file),
    ({ type }) => type.kind === "message",
  ),
  "enum replaced by another": onField(
    (field, _message, random, file) => {
      const own = field.type.kind === "enum" ? field.type.name : "";
      const shade = freshName("Shade", file);
      const found = allEnums(file).find(({ path }) => path === own)?.type;
      if (found === undefined || isTaken(file, shade)) return false;
      const suffix = random.chance(0.5) ? "B" : "";
      const values = found.values.map(({ name, number }) => ({ name: `${shade}_${name}${suffix}`, number }));
      file.enums.push({ ...structuredClone(found), name: shade, values });
      return retype(field, { kind: "enum", name: shade });
    },
    ({ type }) => type.kind === "enum",
  ),
  "package changed": (_random, file) => {
    file.package = `${file.package}.v2`;
    return true;
  },
  "encoding of a message changed": onField(
    (field, _message, _random, file) => {
      if (file.syntax !== "editions") return false;
      if (field.isDelimited === true) delete field.isDelimited;
      else field.isDelimited = true;
      return true;
    },
    ({ type }) => type.kind === "message",
  ),
  "messages reordered": (_random, file) => {
    file.messages.reverse();
    for (const { message } of allMessages(file)) message.fields.reverse();
    return true;
  },
};

function removeValue(type: CaseEnum, random: Random, file: CaseFile, isReserved: boolean): boolean {
  const value = some(random, type.values.slice(1));
  if (value === undefined) return false;
  type.values = type.values.filter((one) => one !== value);
  dropDefaults(file, new Set([value.name]));
  if (isReserved) type.reserved.push({ from: value.number, to: value.number });
  return true;
}

/** The same fields under another name, or nearly. */
function replaceByCopy(field: CaseField, random: Random, file: CaseFile): boolean {
  const own = field.type.kind === "message" ? field.type.name : "";
  const name = freshName("Copy", file);
  const found = allMessages(file).find(({ path }) => path === own)?.message;
  if (found === undefined || isTaken(file, name)) return false;
  const copy = structuredClone(found);
  const { fields } = copy;
  const [first] = fields;
  if (first !== undefined && random.chance(0.3)) first.name = `${first.name}y`;
  if (fields.length > 1 && random.chance(0.3)) fields.pop();
  file.messages.push({ ...copy, name, messages: [], enums: [] });
  const isDelimited = field.isDelimited;
  retype(field, { kind: "message", name });
  if (isDelimited !== undefined) field.isDelimited = isDelimited;
  return true;
}

/** One to three changes; the names of those that were made. */
export function mutateCase(random: Random, file: CaseFile): readonly string[] {
  const names = Object.keys(mutations);
  const wanted = 1 + random.below(3);
  const made: string[] = [];
  for (let tries = 0; made.length < wanted && tries < 40; tries++) {
    const name = random.pick(names);
    if (mutations[name]?.(random, file) === true) made.push(name);
  }
  return made;
}
