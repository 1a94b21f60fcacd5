import { crc32 } from "node:zlib";
import type { MapFault } from "../core/signals.ts";

/** What is done above a committed offset, so that a crash behind one stuck record repeats little. */
export interface OffsetMap {
  /** The committed offset: the lowest that is not completed. */
  readonly base: bigint;
  /** Lengths of stretches from `base` on, in turn incomplete and completed; the first is incomplete, the last completed. */
  readonly runs: readonly number[];
}

export type ReadMap =
  | { readonly kind: "none" }
  | { readonly kind: "map"; readonly map: OffsetMap }
  | { readonly kind: "fault"; readonly why: MapFault };

const prefix = "kx1.";
const anyVersion = /^kx\d+\./;
const runLength = 1;
const bitset = 2;
const crcBytes = 4;
/** A broker that keeps less keeps no map: records that merely finish out of order would fill it. */
export const minMapLength = 512;
/** No broker keeps as much by default; what is longer was not written by us. */
export const maxMapLength = 65_536;
const maxOffset = 2n ** 63n - 1n;

/** `kx1.` and base64url of: encoding, base, content, CRC-32. The shorter encoding wins, run-length on a tie. */
export function encodeOffsetMap({ base, runs }: OffsetMap): string {
  const content: number[] = [];
  let count = 0;
  for (const run of runs) {
    writeNumber(content, run);
    count += run;
  }
  const head: number[] = [];
  writeNumber(head, count);
  const isBitset = head.length + Math.ceil(count / 8) < content.length;
  const body: number[] = [isBitset ? bitset : runLength];
  writeOffset(body, base);
  body.push(...(isBitset ? [...head, ...toBits(runs, count)] : content));
  const bytes = Buffer.alloc(body.length + crcBytes);
  bytes.set(body);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, body.length)), body.length);
  return prefix + bytes.toString("base64url");
}

/** Reads the metadata of a commit at `committed`. Whoever wrote it: never throws, and takes nothing for a map that is none. */
export function decodeOffsetMap(metadata: string, committed: bigint): ReadMap {
  if (metadata === "") return { kind: "none" };
  if (!metadata.startsWith(prefix))
    return { kind: "fault", why: anyVersion.test(metadata) ? "newer" : "foreign" };
  const text = metadata.slice(prefix.length);
  const bytes = Buffer.from(text.slice(0, maxMapLength), "base64url");
  const end = bytes.length - crcBytes;
  // Node skips what is not base64url; only what it would write itself is taken.
  if (bytes.toString("base64url") !== text || end < 1) return { kind: "fault", why: "corrupt" };
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) return { kind: "fault", why: "corrupt" };
  const encoding = bytes[0];
  if (encoding !== runLength && encoding !== bitset) return { kind: "fault", why: "newer" };
  const read = createNumbers(bytes.subarray(1, end));
  const base = read.next();
  if (base === undefined) return { kind: "fault", why: "corrupt" };
  if (base !== committed) return { kind: "fault", why: "misaligned" };
  const runs = encoding === runLength ? readRuns(read) : readBits(read);
  const length = runs?.reduce((sum, run) => sum + run, 0) ?? 0;
  const isSound =
    runs !== undefined && Number.isSafeInteger(length) && base + BigInt(length) <= maxOffset && base >= 0n;
  return isSound ? { kind: "map", map: { base, runs } } : { kind: "fault", why: "corrupt" };
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function writeOffset(bytes: number[], value: bigint): void {
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  bytes.push(Number(rest));
}

function toBits(runs: readonly number[], count: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  let at = 0;
  for (const [index, run] of runs.entries()) {
    if (index % 2 === 1)
      for (let bit = at; bit < at + run; bit++) bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    at += run;
  }
  return bits;
}

interface Numbers {
  /** Undefined: not a number of at most 63 bits. */
  next(): bigint | undefined;
  rest(): Uint8Array;
}

function createNumbers(bytes: Uint8Array): Numbers {
  let at = 0;
  return {
    next() {
      let value = 0n;
      for (let shift = 0n; shift < 63n; shift += 7n) {
        const byte = bytes[at++];
        if (byte === undefined) return undefined;
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return value;
      }
      return undefined;
    },
    rest: () => bytes.subarray(at),
  };
}

function readRuns(read: Numbers): number[] | undefined {
  const runs: number[] = [];
  while (read.rest().length > 0) {
    const run = read.next();
    if (run === undefined || run === 0n || run > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    runs.push(Number(run));
  }
  return runs.length > 0 && runs.length % 2 === 0 ? runs : undefined;
}

function readBits(read: Numbers): number[] | undefined {
  const count = Number(read.next() ?? 0n);
  const bits = read.rest();
  const isSet = (bit: number): boolean => ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  if (count < 2 || bits.length !== Math.ceil(count / 8) || isSet(0) || !isSet(count - 1)) return undefined;
  for (let bit = count; bit < bits.length * 8; bit++) if (isSet(bit)) return undefined;
  const runs: number[] = [];
  for (let bit = 0, begun = 0; bit < count; bit++) {
    if (bit + 1 < count && isSet(bit) === isSet(bit + 1)) continue;
    runs.push(bit + 1 - begun);
    begun = bit + 1;
  }
  return runs;
}
