const chunkBytes = 16_384;

/**
 * Copies bytes that are to be kept into memory where nothing else lies. Node's own pool would not do: a small buffer there
 * keeps 8 KiB alive, most of it what was written to sockets in between.
 */
export function createArena(): (bytes: Buffer) => Buffer {
  let chunk = Buffer.alloc(0);
  let at = 0;
  return (bytes) => {
    if (bytes.length > chunkBytes / 4) {
      const own = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(own);
      return own;
    }
    if (bytes.length > chunk.length - at) {
      chunk = Buffer.allocUnsafeSlow(chunkBytes);
      at = 0;
    }
    const kept = chunk.subarray(at, at + bytes.length);
    bytes.copy(kept);
    at += bytes.length;
    return kept;
  };
}
