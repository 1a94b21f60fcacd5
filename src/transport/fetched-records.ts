import type { Header, RawRecord, TopicPartition } from "../core/record.ts";
import type { RecordQueue } from "./port.ts";
import type { RecordSet, Stretch } from "./record-set.ts";
import {
  type Cursor,
  createCursor,
  createSpan,
  findHeader,
  readHeaders,
  readSpan,
  type Span,
} from "./record-span.ts";
import { overheadBytes } from "./records.ts";

/** The records of a fetch from an offset on, each made when it is asked for. */
export function queueRecordSet(at: TopicPartition, { stretches }: RecordSet, from: bigint): RecordQueue {
  const open = stretches.flatMap((stretch) => skipTo(stretch, from) ?? []);
  const size = open.reduce((sum, { left }) => sum + left, 0);
  const wireBytes = open.reduce((sum, { cursor }) => sum + cursor.end - cursor.at, 0);
  const span = createSpan();
  let current = 0;
  let left = size;
  let head: RawRecord | undefined;

  const make = (): RawRecord | undefined => {
    while (open[current]?.left === 0) current++;
    const walk = open[current];
    if (walk === undefined) return undefined;
    const start = walk.cursor.at;
    readSpan(walk.cursor, span);
    walk.left--;
    return new FetchedRecord(at, walk.stretch, span, walk.cursor.at - start);
  };

  return {
    bytes: wireBytes + size * overheadBytes,
    size: () => left,
    peek() {
      head ??= make();
      return head;
    },
    shift() {
      const record = head ?? make();
      head = undefined;
      if (record) left--;
      return record;
    },
  };
}

interface Walk {
  readonly stretch: Stretch;
  readonly cursor: Cursor;
  left: number;
}

// A fetch may begin inside a batch, and gets all of it.
function skipTo(stretch: Stretch, from: bigint): Walk | undefined {
  const walk: Walk = { stretch, cursor: createCursor(stretch.bytes, 0), left: stretch.count };
  if (stretch.baseOffset >= from) return walk;
  const span = createSpan();
  while (walk.left > 0) {
    const start = walk.cursor.at;
    readSpan(walk.cursor, span);
    if (stretch.baseOffset + BigInt(span.offsetDelta) >= from) {
      walk.cursor.at = start;
      return walk;
    }
    walk.left--;
  }
  return undefined;
}

/** A class, because a getter on its prototype costs nothing until somebody looks at the headers. */
class FetchedRecord implements RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly timestampType: "CreateTime" | "LogAppendTime";
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly sizeBytes: number;
  readonly #bytes: Buffer;
  readonly #headersAt: number;
  readonly #headerCount: number;
  #headers: readonly Header[] | undefined;

  constructor(at: TopicPartition, stretch: Stretch, span: Span, sizeBytes: number) {
    const { bytes, baseOffset, baseTimestampMs, appendedMs } = stretch;
    const { keyStart, keyEnd, valueStart, valueEnd } = span;
    this.topic = at.topic;
    this.partition = at.partition;
    this.offset = baseOffset + BigInt(span.offsetDelta);
    this.timestampMs = appendedMs ?? baseTimestampMs + span.timestampDelta;
    this.timestampType = appendedMs === undefined ? "CreateTime" : "LogAppendTime";
    this.key = keyEnd < 0 ? null : bytes.subarray(keyStart, keyEnd);
    this.value = valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd);
    this.sizeBytes = sizeBytes;
    this.#bytes = bytes;
    this.#headersAt = span.headersAt;
    this.#headerCount = span.headerCount;
  }

  findHeader(name: string): Uint8Array | null | undefined {
    if (this.#headers) return this.#headers.findLast(([found]) => found === name)?.[1];
    return findHeader(this.#bytes, this.#headersAt, this.#headerCount, name);
  }

  get headers(): readonly Header[] {
    this.#headers ??= readHeaders(this.#bytes, this.#headersAt, this.#headerCount);
    return this.#headers;
  }
}
