/** Bytes of Protobuf messages, put together by hand. */
export const utf8 = (text: string): number[] => [...Buffer.from(text)];
export const tag = (number: number, wireType: number): number[] => varint((number << 3) | wireType);
export const sized = (bytes: readonly number[]): number[] => [...varint(bytes.length), ...bytes];

/** An unsigned number of 32 bits. */
export function varint(value: number): number[] {
  return varint64(BigInt(value >>> 0));
}

/** A number of 64 bits; a negative one takes ten bytes. */
export function varint64(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
