import { createReader, createWriter, malformed, type Reader } from "./primitives.ts";
import { sizeOf } from "./schema.ts";

/** Cuts a stream of bytes into frames, each behind its length. Holds no more than one frame and one chunk. */
export interface FrameReader {
  push(chunk: Buffer): void;
  /**
   * The next whole frame, or undefined until more bytes come.
   * @throws KeryxError `frame_malformed` for a length that is negative or above the limit, before anything is kept for it.
   */
  next(): Buffer | undefined;
}

export function createFrameReader(maxBytes: number): FrameReader {
  let chunks: Buffer[] = [];
  let size = 0;
  /** The first of the bytes in one piece: at least so many, all of them where chunks have to be joined. */
  const atLeast = (length: number): Buffer => {
    const [first] = chunks;
    if (first !== undefined && first.length >= length) return first;
    const whole = Buffer.concat(chunks, size);
    chunks = [whole];
    return whole;
  };
  return {
    push(chunk) {
      chunks.push(chunk);
      size += chunk.length;
    },
    next() {
      if (size < 4) return undefined;
      const length = atLeast(4).readInt32BE(0);
      if (length < 0 || length > maxBytes)
        throw malformed(`a frame of ${length} bytes; ${maxBytes} are allowed`);
      if (size < 4 + length) return undefined;
      const first = atLeast(4 + length);
      chunks.shift();
      if (first.length > 4 + length) chunks.unshift(first.subarray(4 + length));
      size -= 4 + length;
      return first.subarray(4, 4 + length);
    },
  };
}

export interface RequestHeader {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Behind the header, tagged fields not yet skipped. */
  readonly body: Reader;
}

/** Takes a request's header apart. Its client id has a plain length in every version. */
export function readHeader(frame: Buffer): RequestHeader {
  const body = createReader(frame);
  const [key, version, correlationId] = [body.int16(), body.int16(), body.int32()];
  const length = body.int16();
  if (length < -1) throw malformed(`a client id of ${length} bytes`);
  return { key, version, correlationId, clientId: length < 0 ? null : body.bytes(length).toString(), body };
}

/** An answer as the pieces to write: length, correlation id, tags of a flexible header, body. */
export function toFrame(
  correlationId: number,
  isFlexible: boolean,
  body: readonly Uint8Array[],
): readonly Uint8Array[] {
  const head = createWriter();
  head.int32(sizeOf(body) + (isFlexible ? 5 : 4));
  head.int32(correlationId);
  if (isFlexible) head.varuint(0);
  return [...head.finish(), ...body];
}
