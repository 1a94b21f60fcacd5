import { generateField, setDefault } from "../generate.ts";
import {
  allEnums,
  allMessages,
  type CaseField,
  type CaseFile,
  messagesOf,
  namesIn,
  seenFrom,
} from "../model.ts";
import type { Random } from "../random.ts";
import {
  freshName,
  isTaken,
  type Mutation,
  onField,
  renameType,
  retype,
  some,
  someMessage,
} from "./steps.ts";

/** Changes of reservations, defaults, messages and whole files. */
export const messages: Readonly<Record<string, Mutation>> = {
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
