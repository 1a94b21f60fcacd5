import { KeryxError } from "../../../core/errors.ts";

/** Takes values off a buffer in network byte order. Every length is checked before anything is allocated. */
export interface Reader {
  readonly remaining: number;
  int8(): number;
  int16(): number;
  int32(): number;
  /** As a number: what a development broker hands out stays far below 2^53. */
  int64(): number;
  /** Unsigned varint of at most five bytes. */
  varuint(): number;
  /** A view of the next bytes, not a copy. */
  bytes(length: number): Buffer;
  /** Says that so many elements follow; refuses what the bytes left cannot hold, and more than a request has in all. */
  elements(count: number): void;
}

/** What is wrong with bytes from a client; whoever gets it closes that connection only. */
export function malformed(message: string): KeryxError {
  return new KeryxError("frame_malformed", message);
}

/** Elements of all lists of a frame together: each costs more as an object than it does on the wire. */
const maxElements = 1_000_000;

export function createReader(buffer: Buffer): Reader {
  let at = 0;
  let elementsLeft = maxElements;
  const take = (length: number): number => {
    if (length < 0 || length > buffer.length - at)
      throw malformed(`${length} bytes announced, ${buffer.length - at} left`);
    at += length;
    return at - length;
  };
  return {
    get remaining() {
      return buffer.length - at;
    },
    int8: () => buffer.readInt8(take(1)),
    int16: () => buffer.readInt16BE(take(2)),
    int32: () => buffer.readInt32BE(take(4)),
    int64: () => Number(buffer.readBigInt64BE(take(8))),
    varuint() {
      let value = 0;
      for (let shift = 0; shift < 35; shift += 7) {
        const byte = buffer.readUInt8(take(1));
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
      throw malformed("a varint has more than five bytes");
    },
    bytes: (length) => {
      const start = take(length);
      return buffer.subarray(start, start + length);
    },
    elements(count) {
      elementsLeft -= count;
      // Every element takes a byte at least, so a larger count is a lie.
      if (count > buffer.length - at || elementsLeft < 0) throw malformed(`${count} elements announced`);
    },
  };
}

/** Collects an answer. Large buffers are kept by reference, so that fetched batches are never copied. */
export interface Writer {
  int8(value: number): void;
  int16(value: number): void;
  int32(value: number): void;
  int64(value: number): void;
  varuint(value: number): void;
  raw(bytes: Uint8Array): void;
  /** All that was written, in order. */
  finish(): readonly Uint8Array[];
}

/** From this size on a copy costs more than one more piece for the socket. */
const byReferenceBytes = 1024;

export function createWriter(): Writer {
  const pieces: Uint8Array[] = [];
  let slab = Buffer.allocUnsafe(512);
  let from = 0;
  let at = 0;
  /** Makes room in the slab, which may replace it, and says where. */
  const take = (length: number): number => {
    if (length > slab.length - at) {
      const grown = Buffer.allocUnsafe(Math.max(2 * (at - from + length), 512));
      slab.copy(grown, 0, from, at);
      slab = grown;
      at -= from;
      from = 0;
    }
    at += length;
    return at - length;
  };
  const cut = (): void => {
    if (at > from) pieces.push(slab.subarray(from, at));
    from = at;
  };
  const number =
    (size: number, write: (value: number, place: number) => unknown) =>
    (value: number): void =>
      void write(value, take(size));
  const writer: Writer = {
    int8: number(1, (value, place) => slab.writeUInt8(value & 0xff, place)),
    int16: number(2, (value, place) => slab.writeInt16BE(value, place)),
    int32: number(4, (value, place) => slab.writeInt32BE(value, place)),
    // What was read as a number may have been rounded up to 2^63.
    int64: number(8, (value, place) =>
      slab.writeBigInt64BE(value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value), place),
    ),
    varuint(value) {
      let rest = value;
      for (; rest >= 0x80; rest = Math.floor(rest / 128)) writer.int8((rest % 128) + 0x80);
      writer.int8(rest);
    },
    raw(bytes) {
      if (bytes.length < byReferenceBytes) {
        const place = take(bytes.length);
        slab.set(bytes, place);
        return;
      }
      cut();
      pieces.push(bytes);
    },
    finish() {
      cut();
      return pieces;
    },
  };
  return writer;
}
