import type { Buffer } from "node:buffer";
import { createCursor, createSpan, malformed, readSpan } from "./record-span.ts";

/** A batch of records as a log holds it (format 2), taken out of its compression and checked from end to end. */
export interface Stretch {
  /** Holds `count` records and nothing else. */
  readonly bytes: Buffer;
  readonly count: number;
  readonly baseOffset: bigint;
  readonly baseTimestampMs: number;
  /** When the broker took it, where that is its records' time. */
  readonly appendedMs: number | undefined;
}

/** What a fetch brought of one partition, without control records and aborted transactions. */
export interface RecordSet {
  readonly stretches: readonly Stretch[];
  /** Of the last batch, whether its records still exist or not. */
  readonly lastOffset: bigint;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** Takes the records of one batch out of their compression, by the codec's number in the format. */
export type Decompress = (codec: number, bytes: Buffer) => Promise<Buffer>;

interface BatchHeader {
  readonly end: number;
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly attributes: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly count: number;
}

// https://kafka.apache.org/documentation/#recordbatch
const headerBytes = 61;
const lengthEnd = 12;
const magicAt = 16;
const currentMagic = 2;
const codecMask = 0x07;
const isLogAppend = 0x08;
const isTransactional = 0x10;
const isControl = 0x20;
const abortMark = 0;

/** False for records in a format that brokers since 4.0 no longer hold. */
export function isCurrentFormat(bytes: Buffer): boolean {
  return bytes.length <= magicAt || bytes[magicAt] === currentMagic;
}

/**
 * Reads the batches of a fetch; a last one that was cut off is left for the next fetch, and so is one that cannot be
 * read together with what follows it, unless it comes first. Undefined: there is no whole one.
 * @throws KeryxError `decode_failed` for bytes that are no batch
 */
export async function readRecordSet(
  bytes: Buffer,
  aborted: readonly AbortedTransaction[],
  decompress: Decompress,
): Promise<RecordSet | undefined> {
  const isLeftOut = followTransactions(aborted);
  const stretches: Stretch[] = [];
  let lastOffset: bigint | undefined;
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    try {
      const header = readHeader(bytes, at);
      if (header.end > bytes.length) break;
      const content = bytes.subarray(at + headerBytes, header.end);
      const codec = header.attributes & codecMask;
      const stretch = toStretch(header, codec === 0 ? content : await decompress(codec, content));
      if (!isLeftOut(header, stretch) && stretch.count > 0) stretches.push(stretch);
      lastOffset = header.lastOffset;
      at = header.end;
    } catch (error) {
      // The records before it must not wait for it, and its own offset is what the report has to name.
      if (lastOffset === undefined) throw error;
      break;
    }
  }
  return lastOffset === undefined ? undefined : { stretches, lastOffset };
}

function readHeader(bytes: Buffer, at: number): BatchHeader {
  const baseOffset = bytes.readBigInt64BE(at);
  const length = bytes.readInt32BE(at + 8);
  if (length < headerBytes - lengthEnd) throw malformed("a batch that is shorter than its header");
  if (bytes[at + magicAt] !== currentMagic) throw malformed("a batch of another format among the others");
  return {
    end: at + lengthEnd + length,
    baseOffset,
    lastOffset: baseOffset + BigInt(bytes.readInt32BE(at + 23)),
    attributes: bytes.readInt16BE(at + 21),
    baseTimestampMs: Number(bytes.readBigInt64BE(at + 27)),
    maxTimestampMs: Number(bytes.readBigInt64BE(at + 35)),
    producerId: bytes.readBigInt64BE(at + 43),
    count: bytes.readInt32BE(at + 57),
  };
}

function toStretch(header: BatchHeader, bytes: Buffer): Stretch {
  const { baseOffset, baseTimestampMs, maxTimestampMs, count, attributes } = header;
  const appendedMs = attributes & isLogAppend ? maxTimestampMs : undefined;
  const stretch = { bytes, count, baseOffset, baseTimestampMs, appendedMs };
  // Whoever reads the stretch later relies on every length in it.
  const span = createSpan();
  const cursor = createCursor(bytes, 0);
  for (let index = 0; index < count; index++) readSpan(cursor, span);
  if (cursor.at !== bytes.length) throw malformed("bytes behind the last record of a batch");
  return stretch;
}

// Batch by batch, as the Java client does: a producer's records are aborted from the first offset on that the broker
// names, up to its abort mark.
function followTransactions(
  aborted: readonly AbortedTransaction[],
): (header: BatchHeader, stretch: Stretch) => boolean {
  const open = new Set<bigint>();
  const ahead = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  return ({ attributes, lastOffset, producerId }, stretch) => {
    for (let next = ahead[0]; next && next.firstOffset <= lastOffset; next = ahead[0]) {
      open.add(next.producerId);
      ahead.shift();
    }
    if (!(attributes & isControl)) return (attributes & isTransactional) !== 0 && open.has(producerId);
    if (readMark(stretch) === abortMark) open.delete(producerId);
    return true;
  };
}

// A control record's key: a version, then what it marks, two bytes each.
function readMark({ bytes, count }: Stretch): number | undefined {
  if (count === 0) return undefined;
  const span = createSpan();
  readSpan(createCursor(bytes, 0), span);
  return span.keyEnd - span.keyStart >= 4 ? bytes.readInt16BE(span.keyStart + 2) : undefined;
}
