/** The fields of one encoded message, unread ones included; a field that occurs several times keeps its order. */
export interface WireMessage {
  /** The last number, as a signed 32-bit integer; undefined when there is none. */
  readonly integer: (field: number) => number | undefined;
  /** Every number, packed or not. */
  readonly integers: (field: number) => readonly number[];
  readonly isTrue: (field: number) => boolean;
  readonly text: (field: number) => string | undefined;
  readonly texts: (field: number) => readonly string[];
  /** The bytes of a singular message, all occurrences one behind the other, as readers merge them. */
  readonly bytes: (field: number) => Uint8Array;
  /** Reads each in turn: only what is made of a message is kept. */
  readonly messages: <T>(field: number, read: (message: WireMessage) => T) => T[];
  /** All occurrences merged, as readers of a singular message field do. */
  readonly merged: (field: number) => WireMessage | undefined;
  /** How often the field occurs. */
  readonly count: (field: number) => number;
}

type Value = number | Uint8Array;

/** Makes the error for bytes that are no message. */
export type FailWire = (message: string) => Error;

const maxGroupDepth = 64;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Splits bytes into fields, without knowing their types. Nothing is allocated that the bytes do not hold. */
export function readWire(bytes: Uint8Array, fail: FailWire): WireMessage {
  return viewOf(splitInto(new Map(), bytes, fail), fail);
}

function viewOf(fields: ReadonlyMap<number, readonly Value[]>, fail: FailWire): WireMessage {
  const numbers = (field: number): readonly number[] =>
    (fields.get(field) ?? []).flatMap((value) => (typeof value === "number" ? value : unpack(value, fail)));
  const chunks = (field: number): readonly Uint8Array[] =>
    (fields.get(field) ?? []).map((value) => {
      if (typeof value === "number") throw fail(`Field ${field} is a number where bytes are meant.`);
      return value;
    });
  const integer = (field: number): number | undefined => {
    const value = fields.get(field)?.at(-1);
    if (typeof value === "object") throw fail(`Field ${field} is bytes where a number is meant.`);
    return value;
  };
  const texts = (field: number): readonly string[] => chunks(field).map((chunk) => toText(chunk, fail));
  return {
    integer,
    integers: numbers,
    isTrue: (field) => (integer(field) ?? 0) !== 0,
    text: (field) => texts(field).at(-1),
    texts,
    bytes: (field) => Buffer.concat(chunks(field)),
    messages: (field, read) => chunks(field).map((chunk) => read(readWire(chunk, fail))),
    merged: (field) => {
      if (!fields.has(field)) return undefined;
      const all = new Map<number, Value[]>();
      for (const chunk of chunks(field)) splitInto(all, chunk, fail);
      return viewOf(all, fail);
    },
    count: (field) => fields.get(field)?.length ?? 0,
  };
}

function toText(bytes: Uint8Array, fail: FailWire): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw fail("A text is not UTF-8.");
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function splitInto(
  fields: Map<number, Value[]>,
  bytes: Uint8Array,
  fail: FailWire,
): ReadonlyMap<number, readonly Value[]> {
  const cursor: Cursor = { bytes, at: 0 };
  const groups: number[] = [];
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor, fail) >>> 0;
    const field = tag >>> 3;
    if (field === 0) throw fail("A field has the number 0.");
    const kind = tag & 7;
    if (kind === 3) {
      if (groups.push(field) > maxGroupDepth) throw fail("Groups are nested too deeply.");
    } else if (kind === 4) {
      if (groups.pop() !== field) throw fail("A group ends that did not begin.");
    } else {
      const value = readValue(cursor, kind, fail);
      // What stands in a group belongs to a field that nobody reads here.
      if (value === undefined || groups.length > 0) continue;
      const values = fields.get(field);
      if (values === undefined) fields.set(field, [value]);
      else values.push(value);
    }
  }
  if (groups.length > 0) throw fail("A group has no end.");
  return fields;
}

function readValue(cursor: Cursor, kind: number, fail: FailWire): Value | undefined {
  if (kind === 0) return readVarint(cursor, fail);
  if (kind !== 1 && kind !== 2 && kind !== 5) throw fail("A field has a kind that does not exist.");
  const length = kind === 1 ? 8 : kind === 5 ? 4 : readVarint(cursor, fail) >>> 0;
  if (length > cursor.bytes.length - cursor.at) throw fail("It is cut off.");
  const from = cursor.at;
  cursor.at += length;
  return kind === 2 ? cursor.bytes.subarray(from, cursor.at) : undefined;
}

/** The low 32 bits, signed: no number of a descriptor that is read here is larger. */
function readVarint(cursor: Cursor, fail: FailWire): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw fail("It is cut off.");
    cursor.at++;
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw fail("A number has too many bytes.");
}

function unpack(bytes: Uint8Array, fail: FailWire): readonly number[] {
  const cursor: Cursor = { bytes, at: 0 };
  const numbers: number[] = [];
  while (cursor.at < bytes.length) numbers.push(readVarint(cursor, fail));
  return numbers;
}
