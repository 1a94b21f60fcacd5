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
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}

/** Writes 64 bits in two halves and returns where they end. */
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

/** Writes a signed number of 64 bits, in two halves, as zig-zag has it, and returns where it ends. */
export function putZigZag64(bytes: Uint8Array, start: number, low: number, high: number): number {
  const sign = high >> 31;
  const top = ((high << 1) | (low >>> 31)) ^ sign;
  return putVarint64(bytes, start, (low << 1) ^ sign, top);
}
