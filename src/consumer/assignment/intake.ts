import type { RawRecord } from "../../core/record.ts";
import type { PortBatch } from "../../transport/port.ts";
import type { Partition, Work } from "./partition.ts";

/** What one assignment has taken from its fetches. */
export interface Intake {
  lastOffset: bigint;
  /** Behind everything that was taken, control records included. */
  takenTo: bigint;
  /** Due time of the buffer's head, once it was looked at. */
  due: { readonly offset: bigint; readonly atMs: number } | undefined;
  cancelDelay: (() => void) | undefined;
  /** Of records that are neither finished nor dropped. */
  bytes: number;
}

/** Takes fetched records into memory, up to a bound for all partitions together. */
export interface Intakes {
  of(partition: Partition): Intake;
  /** Takes what fits; the rest is fetched again when there is room. */
  take(partition: Partition, batch: PortBatch): void;
  /** True while records were left behind for want of room. */
  isStarved(partition: Partition): boolean;
  /** Frees a finished record. Gives the partitions that have room again. */
  finish(work: Work): readonly Partition[];
  /** Frees everything of an assignment that is over. Gives the partitions that have room again. */
  drop(partition: Partition): readonly Partition[];
}

const recordOverheadBytes = 64;

export function createIntakes(maxBytes: number): Intakes {
  const intakes = new Map<Partition, Intake>();
  const starved = new Set<Partition>();
  let bytes = 0;

  const of = (partition: Partition): Intake => {
    const known = intakes.get(partition);
    if (known) return known;
    const created: Intake = {
      lastOffset: -1n,
      takenTo: -1n,
      due: undefined,
      cancelDelay: undefined,
      bytes: 0,
    };
    intakes.set(partition, created);
    return created;
  };

  const free = (size: number): readonly Partition[] => {
    bytes -= size;
    if (starved.size === 0 || bytes > maxBytes / 2) return [];
    const waiting = [...starved];
    starved.clear();
    return waiting;
  };

  return {
    of,
    take(partition, batch) {
      const intake = of(partition);
      for (const record of batch.records) {
        if (record.offset <= intake.lastOffset) continue;
        if (bytes >= maxBytes) {
          starved.add(partition);
          break;
        }
        const size = sizeOf(record);
        bytes += size;
        intake.bytes += size;
        intake.lastOffset = record.offset;
        partition.buffer.push(record);
      }
      if (!starved.has(partition)) intake.takenTo = batch.nextOffset;
      else if (intake.lastOffset >= 0n) intake.takenTo = intake.lastOffset + 1n;
      if (intake.takenTo > 0n) batch.resolve(intake.takenTo - 1n);
    },
    isStarved: (partition) => starved.has(partition),
    finish({ partition, record }) {
      const intake = intakes.get(partition);
      if (!intake) return [];
      const size = sizeOf(record);
      intake.bytes -= size;
      return free(size);
    },
    drop(partition) {
      const intake = intakes.get(partition);
      intakes.delete(partition);
      starved.delete(partition);
      partition.buffer.clear();
      intake?.cancelDelay?.();
      return free(intake?.bytes ?? 0);
    },
  };
}

function sizeOf({ key, value, headers }: RawRecord): number {
  let size = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += name.length + (content?.length ?? 0);
  return size;
}
