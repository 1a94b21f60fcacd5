import type { FoundWireProblem } from "../../../src/compatibility/difference.ts";
import type { BufComplaint } from "./buf.ts";
import {
  allMessages,
  type CaseField,
  type CaseFile,
  type CaseMessage,
  enumsOf,
  messagesOf,
  namesIn,
} from "./model.ts";
import type { CasePair } from "./pairs.ts";

/** A finding of either side, in one form. */
export interface Item {
  readonly by: "buf" | "keryx";
  /** A rule of buf or a kind of ours. */
  readonly rule: string;
  /** The last name of the message or enum. */
  readonly type: string;
  /** Number of the field or value, where it is about one. */
  readonly number?: number;
  readonly message: string;
  /** Full path, of ours only. */
  readonly path?: string;
}

export interface PairView {
  readonly pair: CasePair;
  readonly theirs: readonly Item[];
  /** Warnings included. */
  readonly ours: readonly (Item & { readonly severity: string })[];
}

export function viewOf(
  pair: CasePair,
  found: readonly FoundWireProblem[],
  complaints: readonly BufComplaint[],
): PairView {
  return {
    pair,
    theirs: complaints.flatMap((complaint) => fromBuf(complaint, pair.older)),
    ours: found.map((problem) => ({ ...fromKeryx(problem), severity: problem.severity })),
  };
}

/** Only errors make a verdict. */
export function oursOf({ ours }: PairView): readonly Item[] {
  return ours.filter(({ severity }) => severity === "error");
}

function fromBuf({ type: rule, message }: BufComplaint, older: CaseFile): readonly Item[] {
  const number = /(?:[Ff]ield|enum value) "(-?\d+)"/.exec(message)?.[1];
  const type = /(?:on (?:message|enum)|^Message) "(\w+)"/.exec(message)?.[1] ?? "";
  const item: Item = {
    by: "buf",
    rule,
    type,
    message,
    ...(number === undefined ? {} : { number: Number(number) }),
  };
  const entry = /^(\w+)Entry$/.exec(type)?.[1]?.toLowerCase();
  if (entry === undefined) return [item];
  // What is said of the entry of a map, we say of the map.
  const holders = allMessages(older).flatMap(({ message: holder }) =>
    holder.fields.flatMap((field) =>
      field.type.kind === "map" && field.name === entry ? [{ type: holder.name, number: field.number }] : [],
    ),
  );
  const holder = holders[0];
  return holder === undefined ? [item] : [{ ...item, ...holder }];
}

function fromKeryx({ kind, path, message }: FoundWireProblem): Item {
  const parts = path.slice(2).split("/");
  const last = parts.at(-1) ?? "";
  const number = /^-?\d+$/.test(last) ? Number(last) : undefined;
  const names = parts.filter((part) => /^[A-Z]/.test(part));
  return {
    ...{ by: "keryx", rule: kind, type: names.at(-1) ?? "", message, path },
    ...(number === undefined ? {} : { number }),
  };
}

/** The kinds of ours that say what a rule of buf says. */
const counterparts: Readonly<Record<string, readonly string[]>> = {
  FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: ["NUMBER_NOT_RESERVED"],
  FIELD_WIRE_COMPATIBLE_TYPE: [
    ...["TYPE_CHANGED", "TYPE_NARROWED", "BYTES_READ_AS_STRING"],
    ...["TYPE_REPLACED", "ENUM_REPLACED", "VALUE_UNKNOWN"],
  ],
  FIELD_WIRE_COMPATIBLE_CARDINALITY: ["LIST_CHANGED", "REQUIRED_MISSING"],
  MESSAGE_SAME_REQUIRED_FIELDS: ["REQUIRED_MISSING"],
  FIELD_SAME_DEFAULT: ["DEFAULT_CHANGED"],
  FIELD_SAME_ONEOF: ["FIELDS_JOINED"],
  RESERVED_MESSAGE_NO_DELETE: ["RESERVATION_REMOVED", "NUMBER_REUSED"],
  RESERVED_ENUM_NO_DELETE: ["RESERVATION_REMOVED", "VALUE_REUSED"],
  ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: ["VALUE_NOT_RESERVED"],
};

/** Whether the other side says the same of the same place. */
export function isAgreed(item: Item, view: PairView): boolean {
  const [others, isCounterpart] =
    item.by === "buf"
      ? [oursOf(view), (other: Item) => counterparts[item.rule]?.includes(other.rule) === true]
      : [view.theirs, (other: Item) => counterparts[other.rule]?.includes(item.rule) === true];
  return others.some((other) => other.type === item.type && isCounterpart(other) && isSamePlace(item, other));
}

function isSamePlace(one: Item, other: Item): boolean {
  // What is said of the whole message on one side is said of a number on the other.
  return one.number === undefined || other.number === undefined || one.number === other.number;
}

interface Disagreement {
  /** As in `docs/reference/compatibility.md`. */
  readonly name: string;
  explains(item: Item, view: PairView): boolean;
}

const isOf = (item: Item, by: Item["by"], ...rules: readonly string[]): boolean =>
  item.by === by && rules.includes(item.rule);

/** Where the two verdicts differ on purpose; each rule of them stands in the reference. */
export const disagreements: readonly Disagreement[] = [
  {
    name: "the package is not in the bytes",
    explains: (item) => isOf(item, "buf", "FILE_SAME_PACKAGE"),
  },
  {
    name: "what moved is still compared",
    explains: ({ by, path }, { pair }) =>
      by === "keryx" && (isPackageChanged(pair) || !wasThere(path, pair.older)),
  },
  {
    name: "names of types are not in the bytes",
    explains: (item, view) =>
      isOf(item, "buf", "FIELD_WIRE_COMPATIBLE_TYPE") &&
      /from "[\w.]+\.\w+" to "[\w.]+\.\w+"/.test(item.message) &&
      !/\.F\d+Entry"/.test(item.message) &&
      !hasOther(item, view),
  },
  {
    name: "a map is a list of entries",
    explains: (item, view) =>
      isOf(item, "buf", "FIELD_WIRE_COMPATIBLE_TYPE") &&
      (/\.F\d+Entry"/.test(item.message) ||
        // Entries are named after their field, so a moved name takes them along.
        (/on message "F\d+Entry"/.test(item.message) &&
          view.ours.some(({ rule, type }) => rule === "NAME_MOVED" && type === item.type))) &&
      !hasOther(item, view),
  },
  {
    name: "an enum is an int32",
    explains: (item) =>
      isOf(item, "buf", "FIELD_WIRE_COMPATIBLE_TYPE") &&
      /from "(enum" to "(u?int\d\d|bool)|(u?int\d\d|bool)" to "enum)"/.test(item.message),
  },
  {
    name: "only joining a oneof loses data",
    explains: (item, { pair }) => isOf(item, "buf", "FIELD_SAME_ONEOF") && !isJoined(item, pair),
  },
  {
    name: "a required field may be let go while only new reads old",
    explains: (item) =>
      (isOf(item, "buf", "MESSAGE_SAME_REQUIRED_FIELDS") && item.message.includes("deleted")) ||
      (isOf(item, "buf", "FIELD_WIRE_COMPATIBLE_CARDINALITY") &&
        item.message.includes('from "required" to "opt')),
  },
  {
    name: "one string or message is a list of one",
    explains: (item, view) =>
      isOf(item, "buf", "FIELD_WIRE_COMPATIBLE_CARDINALITY") && hasOurs(view, item, "SINGLE_READ_AS_LIST"),
  },
  {
    name: "reserved names are not in the bytes",
    explains: (item) => item.by === "buf" && item.message.includes("reserved name"),
  },
  {
    name: "a type that cannot be read is said once",
    explains: (item, view) =>
      isOf(item, "buf", "FIELD_SAME_DEFAULT", "FIELD_WIRE_COMPATIBLE_CARDINALITY") &&
      (counterparts["FIELD_WIRE_COMPATIBLE_TYPE"] ?? []).some((kind) => hasOurs(view, item, kind)),
  },
  {
    name: "a required field has no default",
    explains: (item, { pair }) =>
      isOf(item, "buf", "FIELD_SAME_DEFAULT") &&
      [pair.older, pair.newer].some((file) => fieldsAt(item, file).some(({ label }) => label === "required")),
  },
  {
    name: "an import that nothing refers to is not judged",
    explains: (item, { pair }) => item.by === "buf" && !isReached(item.type, pair),
  },
  {
    name: "a feature makes a field required, too",
    explains: (item, { pair }) => isOf(item, "keryx", "REQUIRED_MISSING") && pair.newer.syntax === "editions",
  },
  {
    name: "values that do not fit are damage",
    explains: (item) => isOf(item, "keryx", "TYPE_NARROWED"),
  },
  {
    name: "a name keeps its number",
    explains: (item) => isOf(item, "keryx", "NAME_MOVED", "VALUE_MOVED"),
  },
  {
    name: "a closed enum drops what it does not know",
    explains: (item) => isOf(item, "keryx", "VALUE_UNKNOWN"),
  },
  {
    name: "extension ranges stay",
    explains: (item) => isOf(item, "keryx", "EXTENSION_RANGE_REMOVED"),
  },
];

/** Whether the oneof of a field now holds what could be set together before. */
function isJoined({ type, number }: Item, { older, newer }: CasePair): boolean {
  const before = allMessages(older).find(({ message }) => message.name === type)?.message.fields ?? [];
  const now = allMessages(newer).find(({ message }) => message.name === type)?.message.fields ?? [];
  const oneof = now.find((field) => field.number === number)?.oneof;
  if (oneof === undefined) return false;
  const members = new Set(now.flatMap((field) => (field.oneof === oneof ? [field.number] : [])));
  const groups = before.filter((field) => members.has(field.number));
  return new Set(groups.map((field) => field.oneof ?? field.number)).size > 1;
}

function isPackageChanged({ older, newer }: CasePair): boolean {
  return older.package !== newer.package;
}

/** Whether the message or enum of a path was in the same place before. */
function wasThere(path: string | undefined, { messages, enums, imported }: CaseFile): boolean {
  const name = (path ?? "")
    .slice(2)
    .split("/")
    .filter((part) => /^[A-Z]/.test(part))
    .join(".");
  const scopes = [{ messages, enums }, imported];
  return scopes.some((scope) => [...messagesOf(scope), ...enumsOf(scope)].some((one) => one.path === name));
}

function hasOurs({ ours }: PairView, { type, number }: Item, kind: string): boolean {
  return ours.some((other) => other.rule === kind && other.type === type && other.number === number);
}

/** Whether we complain of the type of the field. */
function hasOther(item: Item, view: PairView): boolean {
  return (counterparts["FIELD_WIRE_COMPATIBLE_TYPE"] ?? []).some((kind) => hasOurs(view, item, kind));
}

/** Whether messages that are on both sides lead to a message or enum, on both. */
function isReached(type: string, { older, newer }: CasePair): boolean {
  const names = [older, newer].map((file) => new Set(messagesOf(file).map(({ message }) => message.name)));
  return [older, newer].every((file) => {
    const starts = messagesOf(file).filter(({ message }) => names.every((set) => set.has(message.name)));
    return reachedFrom(starts, file).some((name) => name === type || name.endsWith(`.${type}`));
  });
}

function reachedFrom(starts: ReturnType<typeof messagesOf>, file: CaseFile): readonly string[] {
  const open = starts.map(({ message }) => message);
  const names = new Set([...starts, ...enumsOf(file)].map(({ path }) => path));
  for (const { fields } of open)
    for (const name of fields.flatMap(namesIn)) {
      if (names.has(name)) continue;
      names.add(name);
      open.push(...allMessages(file).flatMap((one) => (one.path === name ? [one.message] : [])));
    }
  return [...names];
}

function fieldsAt({ type, number }: Item, file: CaseFile): readonly CaseField[] {
  const holders: readonly CaseMessage[] = allMessages(file).map(({ message }) => message);
  return holders
    .filter(({ name }) => name === type)
    .flatMap(({ fields }) => fields.filter((field) => field.number === number));
}
