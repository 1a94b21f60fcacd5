const polynomial = 0x82f63b78;

/** Eight tables of 256 one behind the other, so that eight bytes are folded in at once. */
const table: Int32Array = new Int32Array(8 * 256);
for (let index = 0; index < 256; index++) {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  table[index] = value;
}
for (let index = 256; index < table.length; index++) {
  const before = at(0, index - 256);
  table[index] = (before >>> 8) ^ at(0, before & 0xff);
}

function at(slice: number, index: number): number {
  return table[slice * 256 + index] as number;
}

/** CRC-32C (Castagnoli, RFC 3720), as an unsigned number. `zlib.crc32` uses another polynomial. */
export function crc32c(bytes: Uint8Array): number {
  const byte = (index: number): number => bytes[index] as number;
  let crc = -1;
  let index = 0;
  for (const end = bytes.length - 7; index < end; index += 8) {
    crc ^= byte(index) | (byte(index + 1) << 8) | (byte(index + 2) << 16) | (byte(index + 3) << 24);
    const first =
      at(7, crc & 0xff) ^ at(6, (crc >>> 8) & 0xff) ^ at(5, (crc >>> 16) & 0xff) ^ at(4, crc >>> 24);
    crc =
      first ^
      at(3, byte(index + 4)) ^
      at(2, byte(index + 5)) ^
      at(1, byte(index + 6)) ^
      at(0, byte(index + 7));
  }
  for (; index < bytes.length; index++) crc = at(0, (crc ^ byte(index)) & 0xff) ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}
