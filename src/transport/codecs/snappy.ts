import { createRequire } from "node:module";

interface Snappyjs {
  compress(source: Uint8Array): Uint8Array;
  uncompress(source: Uint8Array, maxBytes: number): Uint8Array;
}
let library: Snappyjs | undefined;

// Loaded on first use.
function snappyjs(): Snappyjs {
  library ??= createRequire(import.meta.url)("snappyjs") as Snappyjs;
  return library;
}

// Java wraps snappy blocks into a stream of its own (snappy-java, "xerial"): magic, version, lowest readable version.
const magic = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00);
const headerBytes = 16;
const blockBytes = 32 * 1024;

/** Compresses in the framing that Java writes and everyone reads. */
export function compressSnappy(source: Uint8Array): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header.set(magic);
  header[11] = 1;
  header[15] = 1;
  const parts: Uint8Array[] = [header];
  for (let at = 0; at < source.length; at += blockBytes) {
    const block = snappyjs().compress(source.slice(at, at + blockBytes));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Decompresses raw snappy or Java's framing. Each block declares its size, which is checked before room is made. */
export function decompressSnappy(source: Uint8Array, maxBytes: number, onTooLarge: () => never): Uint8Array {
  if (!isXerial(source)) return decompressBlock(source, maxBytes, onTooLarge);
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let at = headerBytes; at < source.length; ) {
    if (at + 4 > source.length) throw new Error("snappy stream ends early");
    const length = view.getUint32(at);
    at += 4;
    if (length === 0 || at + length > source.length) throw new Error("snappy block exceeds its stream");
    const part = decompressBlock(source.subarray(at, at + length), maxBytes - size, onTooLarge);
    size += part.length;
    parts.push(part);
    at += length;
  }
  return Buffer.concat(parts);
}

function isXerial(source: Uint8Array): boolean {
  return source.length >= headerBytes && magic.every((byte, i) => source[i] === byte);
}

function decompressBlock(block: Uint8Array, maxBytes: number, onTooLarge: () => never): Uint8Array {
  if (declaredBytes(block) > maxBytes) onTooLarge();
  // A plain Uint8Array: for a Buffer the library zero-fills twice.
  const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
  return snappyjs().uncompress(bytes, maxBytes);
}

function declaredBytes(block: Uint8Array): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return size;
  }
  throw new Error("snappy block without a length");
}
