import { generateField, generateLabel, generateType } from "../generate.ts";
import { allMessages, scalars, seenFrom } from "../model.ts";
import {
  freeNumber,
  leaveOneof,
  type Mutation,
  mayJoin,
  oneofsOf,
  onField,
  removeField,
  retype,
  some,
  someMessage,
} from "./steps.ts";

/** Changes of fields and oneofs. */
export const fields: Readonly<Record<string, Mutation>> = {
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
};
