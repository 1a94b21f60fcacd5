// The LZ4 frame format by hand: of the libraries in plain JavaScript none bounds what it reads, and none writes the
// independent blocks that Java's reader insists on.

const magic = 0x184d2204;
const uncompressedFlag = 0x8000_0000;
const minMatch = 4;
const maxBlockBytes: Readonly<Record<number, number>> = { 4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20 };

// What we write, as Java does: version 1, independent blocks of 64 KiB, no checksums; the last byte is the header's own.
const frameHeader = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82);
const writtenBlockBytes = 64 << 10;
const hashBits = 14;
// The format's own rules for the end of a block.
const lastLiterals = 5;
const lastMatchDistance = 12;

/** Compresses into one LZ4 frame. */
export function compressLz4(source: Uint8Array): Uint8Array {
  const blocks = Math.ceil(source.length / writtenBlockBytes);
  const out = new Uint8Array(
    frameHeader.length + source.length + Math.ceil(source.length / 255) + blocks * 20 + 4,
  );
  const view = new DataView(out.buffer);
  const table = new Int32Array(1 << hashBits);
  out.set(frameHeader);
  let size = frameHeader.length;
  for (let at = 0; at < source.length; at += writtenBlockBytes) {
    const block = source.subarray(at, at + writtenBlockBytes);
    const end = compressBlock(block, out, size + 4, table.fill(0));
    const length = end - size - 4;
    const isPlain = length >= block.length;
    if (isPlain) out.set(block, size + 4);
    view.setUint32(size, isPlain ? (block.length | uncompressedFlag) >>> 0 : length, true);
    size += 4 + (isPlain ? block.length : length);
  }
  // The end mark is a block of length zero, which the array holds already, unless a block was written over it.
  view.setUint32(size, 0, true);
  return out.subarray(0, size + 4);
}

function compressBlock(source: Uint8Array, out: Uint8Array, start: number, table: Int32Array): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const matchEnd = source.length - lastLiterals;
  let size = start;
  let anchor = 0;
  let at = 0;
  while (at <= source.length - lastMatchDistance) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
    const candidate = (table[slot] ?? 0) - 1;
    table[slot] = at + 1;
    if (candidate < 0 || view.getUint32(candidate, true) !== word) {
      // Faster over what does not compress.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    let length = minMatch;
    while (at + length < matchEnd && source[at + length] === source[candidate + length]) length++;
    size = writeLiterals(out, size, source.subarray(anchor, at), length - minMatch);
    out[size++] = (at - candidate) & 0xff;
    out[size++] = (at - candidate) >> 8;
    size = writeLength(out, size, length - minMatch);
    at += length;
    anchor = at;
  }
  return writeLiterals(out, size, source.subarray(anchor), 0);
}

function writeLiterals(out: Uint8Array, start: number, literals: Uint8Array, match: number): number {
  out[start] = (Math.min(literals.length, 15) << 4) | Math.min(match, 15);
  const size = writeLength(out, start + 1, literals.length);
  out.set(literals, size);
  return size + literals.length;
}

// A length of 15 or more goes on behind its four bits.
function writeLength(out: Uint8Array, start: number, length: number): number {
  let size = start;
  if (length < 15) return size;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) out[size++] = 255;
  out[size++] = rest;
  return size;
}

/**
 * Decompresses one LZ4 frame; more than `maxBytes` of output is refused before it is written.
 * @throws Error on malformed input; `onTooLarge` is called (and must throw) when the output would pass `maxBytes`.
 */
export function decompressLz4(source: Uint8Array, maxBytes: number, onTooLarge: () => never): Uint8Array {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const { blockBytes, hasBlockSum, start } = readFrameHeader(view);
  let at = start;
  let out = new Uint8Array(Math.min(maxBytes, Math.max(blockBytes, source.length * 4)));
  let size = 0;
  for (;;) {
    const word = readUint32(view, at);
    at += 4;
    if (word === 0) return out.subarray(0, size);
    const isPlain = (word & uncompressedFlag) !== 0;
    const length = word & ~uncompressedFlag;
    if (length > blockBytes || at + length > source.length) throw new Error("LZ4 block exceeds its frame");
    const block = source.subarray(at, at + length);
    at += length + (hasBlockSum ? 4 : 0);
    const room = size + (isPlain ? length : blockBytes);
    if (room > out.length && out.length < maxBytes)
      out = grow(out, size, Math.min(maxBytes, Math.max(room, out.length * 2)));
    if (!isPlain) size = decompressBlock(block, out, size, onTooLarge);
    else {
      if (size + length > out.length) onTooLarge();
      out.set(block, size);
      size += length;
    }
  }
}

function readFrameHeader(view: DataView): { blockBytes: number; hasBlockSum: boolean; start: number } {
  if (view.byteLength < 7 || view.getUint32(0, true) !== magic) throw new Error("not an LZ4 frame");
  const flags = view.getUint8(4);
  if (flags >> 6 !== 1) throw new Error("unknown LZ4 frame version");
  if ((flags & 1) !== 0) throw new Error("LZ4 dictionaries are not supported");
  const blockBytes = maxBlockBytes[(view.getUint8(5) >> 4) & 7];
  if (blockBytes === undefined) throw new Error("unknown LZ4 block size");
  const hasContentSize = (flags & 8) !== 0;
  return { blockBytes, hasBlockSum: (flags & 16) !== 0, start: hasContentSize ? 15 : 7 };
}

function readUint32(view: DataView, at: number): number {
  if (at + 4 > view.byteLength) throw new Error("LZ4 frame ends early");
  return view.getUint32(at, true);
}

function grow(out: Uint8Array<ArrayBuffer>, size: number, wanted: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(wanted);
  larger.set(out.subarray(0, size));
  return larger;
}

function decompressBlock(block: Uint8Array, out: Uint8Array, start: number, onTooLarge: () => never): number {
  let size = start;
  let at = 0;
  const readLength = (nibble: number): number => {
    if (nibble !== 15) return nibble;
    let length = nibble;
    for (;;) {
      const more = block[at++];
      if (more === undefined) throw new Error("LZ4 block ends early");
      length += more;
      if (more !== 255) return length;
    }
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = readLength(token >> 4);
    if (at + literals > block.length) throw new Error("LZ4 literals exceed their block");
    if (size + literals > out.length) onTooLarge();
    out.set(block.subarray(at, at + literals), size);
    at += literals;
    size += literals;
    // The last sequence of a block has literals only.
    if (at === block.length) return size;
    const low = block[at++] ?? 0;
    const high = block[at++];
    if (high === undefined) throw new Error("LZ4 block ends early");
    const distance = low | (high << 8);
    if (distance === 0 || distance > size) throw new Error("LZ4 match points before the output");
    const length = readLength(token & 15) + minMatch;
    if (size + length > out.length) onTooLarge();
    copyMatch(out, size, distance, length);
    size += length;
  }
  return size;
}

// Source and target overlap when the distance is shorter than the length: then the bytes repeat.
function copyMatch(out: Uint8Array, size: number, distance: number, length: number): void {
  if (distance >= length) {
    out.copyWithin(size, size - distance, size - distance + length);
    return;
  }
  for (let i = 0; i < length; i++) out[size + i] = out[size + i - distance] ?? 0;
}
