/** Fields of encoded messages, one after another. */
export type WireParts = readonly Uint8Array[];

/** A varint; negative numbers as 64 bits, as int32 and int64 are written. */
export function varint(value: bigint | number): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}

/** What stands before a value: varint 0, eight bytes 1, length 2, group 3 and 4, four bytes 5. */
export function tag(field: number, kind: 0 | 1 | 2 | 3 | 4 | 5): Uint8Array {
  return varint(BigInt(field) * 8n + BigInt(kind));
}

/** Nothing for an absent value. */
export function writeInteger(field: number, value: bigint | number | undefined): WireParts {
  return value === undefined ? [] : [tag(field, 0), varint(value)];
}

export function writeFlag(field: number, value: boolean): WireParts {
  return value ? writeInteger(field, 1) : [];
}

export function writeText(field: number, text: string | undefined): WireParts {
  return text === undefined ? [] : writeBytes(field, Buffer.from(text));
}

export function writeBytes(field: number, bytes: Uint8Array): WireParts {
  return [tag(field, 2), varint(bytes.length), bytes];
}

/** A message behind its length; nothing for one that has no fields, where `isKept` does not ask for it. */
export function writeMessage(field: number, parts: WireParts, isKept = true): WireParts {
  return parts.length === 0 && !isKept ? [] : writeBytes(field, Buffer.concat(parts));
}
