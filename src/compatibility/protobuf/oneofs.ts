import { quote } from "../../schema/limits.ts";
import type { ProtoField, ProtoMessage } from "../../schema/proto/model.ts";
import type { Dialect } from "../dialects.ts";
import type { ProtobufKind, Report } from "./kinds.ts";
import { nameAll, nameField, only, startSentence } from "./words.ts";

/** The fields of two messages, ready to be looked up, and what is to be done with those that are one. */
export interface FieldPair {
  readonly older: FieldTable;
  readonly newer: FieldTable;
  /** Path of the message. */
  readonly path: string;
  readonly dialect: Dialect;
  readonly report: Report;
  readonly compareField: (older: ProtoField, newer: ProtoField, path: string) => void;
}

export interface FieldTable {
  readonly byNumber: ReadonlyMap<number, ProtoField>;
  /** Members by oneof; fields outside of any are not in it. */
  readonly oneofs: ReadonlyMap<string, readonly ProtoField[]>;
}

export function tabulateFields({ fields, oneofs }: ProtoMessage): FieldTable {
  const members = new Map<string, ProtoField[]>(oneofs.map(({ name }) => [name, []]));
  for (const field of fields) if (field.oneof !== undefined) members.get(field.oneof)?.push(field);
  return { byNumber: new Map(fields.map((field) => [field.number, field])), oneofs: members };
}

/** Compares the fields of two messages and their oneofs. */
export function compareFields(pair: FieldPair): void {
  reportOneofs(pair);
  if (pair.dialect.ruleSet === "D") compareByNumber(pair);
  else compareByOneofName(pair);
}

function reportOneofs({ older, newer, path, report }: FieldPair): void {
  for (const name of older.oneofs.keys())
    if (!newer.oneofs.has(name))
      report("ONEOF_REMOVED", `${path}/${name}`, only("writing", `oneof ${quote(name)}`));
  for (const name of newer.oneofs.keys())
    if (!older.oneofs.has(name))
      report("ONEOF_ADDED", `${path}/${name}`, only("reading", `oneof ${quote(name)}`));
}

/** Rule set D: a field is one by its number in the whole message, and is told about where the newer message has it. */
function compareByNumber(pair: FieldPair): void {
  const { older, newer, path } = pair;
  const gone = oneofsGoneWithMembers(pair);
  for (const was of older.byNumber.values()) {
    const is = newer.byNumber.get(was.number);
    if (is === undefined) {
      if (was.oneof === undefined || !gone.has(was.oneof)) reportOnly("writing", was, pair);
      continue;
    }
    if (was.oneof !== undefined && is.oneof === undefined)
      pair.report(
        "ONEOF_FIELD_MOVED_TO_TOP_LEVEL",
        pathOf(is, path),
        `${startSentence(nameField(is))} is written in the oneof ${quote(was.oneof)} and read outside of any.`,
      );
    pair.compareField(was, is, pathOf(is, path));
  }
  for (const is of newer.byNumber.values())
    if (!older.byNumber.has(is.number)) reportOnly("reading", is, pair);
  for (const [oneof, members] of newer.oneofs) {
    const { all, outside, oneofs } = originsOf(members, older);
    // Each oneof is one group, and each field outside of any is a group of its own.
    if (outside.length + oneofs.size <= 1) continue;
    if (outside.length >= 2) reportJoined("MULTIPLE_FIELDS_MOVED_TO_ONEOF", oneof, outside, pair);
    else reportJoined("FIELD_MOVED_TO_EXISTING_ONEOF", oneof, all, pair);
  }
}

/** A oneof that vanishes with all that was in it is told about once, not once for each member. */
function oneofsGoneWithMembers({ older, newer }: FieldPair): ReadonlySet<string> {
  const gone = [...older.oneofs].filter(
    ([oneof, members]) =>
      !newer.oneofs.has(oneof) && members.every(({ number }) => !newer.byNumber.has(number)),
  );
  return new Set(gone.map(([oneof]) => oneof));
}

/** Rule sets A to C: members are one only within oneofs of one name, other fields only outside of oneofs. */
function compareByOneofName(pair: FieldPair): void {
  const { older, newer, path, dialect } = pair;
  for (const [oneof, members] of newer.oneofs) {
    const { all, outside } = originsOf(members, older);
    if (outside.length >= 2) reportJoined("MULTIPLE_FIELDS_MOVED_TO_ONEOF", oneof, outside, pair);
    // A and B have no rule for a single one.
    else if (outside.length === 1 && all.length > 1 && dialect.ruleSet === "C")
      reportJoined("FIELD_MOVED_TO_EXISTING_ONEOF", oneof, all, pair);
  }
  // A oneof that only one side has is not looked into: what its new name hides stays hidden.
  for (const [oneof, members] of older.oneofs) {
    const others = newer.oneofs.get(oneof);
    if (others !== undefined) compareMembers(members, others, pair);
  }
  for (const was of older.byNumber.values()) {
    if (was.oneof !== undefined) continue;
    const is = newer.byNumber.get(was.number);
    if (is === undefined) reportOnly("writing", was, pair);
    // One that stands in a oneof now has left the comparison, neither removed nor compared.
    else if (is.oneof === undefined) pair.compareField(was, is, pathOf(is, path));
  }
  for (const is of newer.byNumber.values()) {
    const was = older.byNumber.get(is.number);
    if (is.oneof === undefined && (was === undefined || was.oneof !== undefined))
      reportOnly("reading", is, pair);
  }
}

function compareMembers(
  members: readonly ProtoField[],
  others: readonly ProtoField[],
  pair: FieldPair,
): void {
  const after = new Map(others.map((field) => [field.number, field]));
  for (const was of members) {
    const is = after.get(was.number);
    if (is === undefined) reportOnly("writing", was, pair);
    else pair.compareField(was, is, pathOf(is, pair.path));
    after.delete(was.number);
  }
  for (const is of after.values()) reportOnly("reading", is, pair);
}

interface Origins {
  /** What the writing schema has under the numbers of the members. */
  readonly all: readonly ProtoField[];
  readonly outside: readonly ProtoField[];
  readonly oneofs: ReadonlySet<string>;
}

function originsOf(members: readonly ProtoField[], older: FieldTable): Origins {
  const all = members.flatMap(({ number }) => older.byNumber.get(number) ?? []);
  const oneofs = new Set(all.flatMap(({ oneof }) => oneof ?? []));
  return { all, outside: all.filter(({ oneof }) => oneof === undefined), oneofs };
}

function reportOnly(role: "writing" | "reading", field: ProtoField, pair: FieldPair): void {
  const isMember = field.oneof !== undefined;
  const isRequired = field.label === "required" && pair.dialect.hasRequiredKinds;
  const what = isMember ? "ONEOF_FIELD" : isRequired ? "REQUIRED_FIELD" : "FIELD";
  const kind: ProtobufKind = `${what}_${role === "writing" ? "REMOVED" : "ADDED"}`;
  const words = `${isRequired ? "required " : ""}${nameField(field)}`;
  const place = isMember ? ` in the oneof ${quote(field.oneof)}` : "";
  pair.report(kind, pathOf(field, pair.path), only(role, `${words}${place}`));
}

function reportJoined(
  kind: ProtobufKind,
  oneof: string,
  fields: readonly ProtoField[],
  { path, report }: FieldPair,
): void {
  const names = nameAll(fields.map(({ name }) => name));
  const message = `Only one field of the oneof ${quote(oneof)} is read, where several may be written: ${names}.`;
  report(kind, `${path}/${oneof}`, message);
}

function pathOf({ oneof, number }: ProtoField, path: string): string {
  return oneof === undefined ? `${path}/${number}` : `${path}/${oneof}/${number}`;
}
