/** Writes an unsigned 32-bit number and returns where it ends. */
export function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let position = start;
  let rest = value;
  while (rest > 0x7f) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}

/** Bytes that an unsigned 32-bit number takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** A varint of 64 bits in two halves; returns where it ends. */
export function putVarint64(bytes: Uint8Array, start: number, low: number, high: number): number {
  let position = start;
  let rest = low >>> 0;
  let top = high >>> 0;
  while (top > 0) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest = ((rest >>> 7) | (top << 25)) >>> 0;
    top >>>= 7;
  }
  return putVarint(bytes, position, rest);
}
