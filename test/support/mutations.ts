import { pick, type Random } from "./protobuf-values.ts";

const lengths = [0, 1, 0x7f, 0x80, 0xff];

/**
 * One hostile change of a payload: a bit, a cut, more bytes, another length, a piece of it moved or doubled, or the end
 * of another payload.
 */
export function mutate(random: Random, bytes: Uint8Array, other: Uint8Array = bytes): Uint8Array {
  const at = Math.floor(random() * (bytes.length + 1));
  const to = Math.floor(random() * (bytes.length + 1));
  const head = bytes.subarray(0, at);
  const piece = bytes.subarray(Math.min(at, to), Math.max(at, to));
  const byte = Math.floor(random() * 256);
  switch (Math.floor(random() * 8)) {
    case 0:
      return join(head, [(bytes[at] ?? 0) ^ (1 << (byte % 8))], bytes.subarray(at + 1));
    case 1:
      return join(head, [byte], bytes.subarray(at));
    case 2:
      return bytes.slice(0, at);
    case 3:
      return join(head, [pick(random, lengths)], bytes.subarray(at + 1));
    case 4:
      // A length or varint of five bytes and more.
      return join(head, [0xff, 0xff, 0xff, 0xff, byte], bytes.subarray(at + 1));
    case 5:
      return join(bytes, [], piece);
    case 6:
      return join(head, [], other.subarray(Math.floor(random() * (other.length + 1))));
    default:
      return join(piece, [], bytes.subarray(at));
  }
}

function join(head: Uint8Array, middle: readonly number[], tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + middle.length + tail.length);
  joined.set(head);
  joined.set(middle, head.length);
  joined.set(tail, head.length + middle.length);
  return joined;
}
