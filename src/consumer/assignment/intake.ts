import type { PortBatch } from "../../transport/port.ts";
import { sizeOf } from "../../transport/records.ts";
import type { Partition, Work } from "./partition.ts";

/** What one assignment has taken from its fetches. */
export interface Intake {
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
  /** Takes the batch, or none of it where there is no room: then it is fetched again later. */
  take(partition: Partition, batch: PortBatch): void;
  /** True while a batch was left behind for want of room. */
  isStarved(partition: Partition): boolean;
  /** Frees a finished record. Gives the partitions that have room again. */
  finish(work: Work): readonly Partition[];
  /** Frees everything of an assignment that is over, or goes no further. Gives the partitions that have room again. */
  drop(partition: Partition): readonly Partition[];
  /** A partition came to stand still. Gives those that have room again. */
  blocked(): readonly Partition[];
}

const none: readonly Partition[] = [];

export function createIntakes(maxBytes: number): Intakes {
  const intakes = new Map<Partition, Intake>();
  const starved = new Set<Partition>();
  let bytes = 0;

  const of = (partition: Partition): Intake => {
    const known = intakes.get(partition);
    if (known) return known;
    const created: Intake = {
      takenTo: 0n,
      due: undefined,
      cancelDelay: undefined,
      bytes: 0,
    };
    intakes.set(partition, created);
    return created;
  };

  // What waits for a registry or a sink may wait for long: it leaves the others as much room again.
  const used = (): number => {
    if (bytes < maxBytes) return bytes;
    let blocked = 0;
    for (const [partition, intake] of intakes) if (partition.pauses.blocksWork()) blocked += intake.bytes;
    return bytes - Math.min(blocked, maxBytes);
  };

  const free = (size: number): readonly Partition[] => {
    bytes -= size;
    if (starved.size === 0) return none;
    const taken = used();
    if (taken >= maxBytes) return none;
    // Much room is for all. A little is for one: the others would fetch in vain, and what is stuck may never leave more.
    const waiting = [...starved].slice(0, taken > maxBytes / 2 ? 1 : undefined);
    for (const partition of waiting) starved.delete(partition);
    return waiting;
  };

  return {
    of,
    take(partition, batch) {
      const intake = of(partition);
      const { records, nextOffset } = batch;
      if (records.size() > 0 && used() >= maxBytes) {
        starved.add(partition);
        return;
      }
      let size = records.bytes;
      for (let head = records.peek(); head && head.offset < intake.takenTo; head = records.peek()) {
        size -= sizeOf(head);
        records.shift();
      }
      bytes += size;
      intake.bytes += size;
      partition.buffer.push(records);
      if (nextOffset > intake.takenTo) intake.takenTo = nextOffset;
      batch.resolve(intake.takenTo - 1n);
    },
    isStarved: (partition) => starved.has(partition),
    finish({ partition, sizeBytes }) {
      const intake = intakes.get(partition);
      if (!intake) return none;
      intake.bytes -= sizeBytes;
      return free(sizeBytes);
    },
    drop(partition) {
      const intake = intakes.get(partition);
      intakes.delete(partition);
      starved.delete(partition);
      partition.buffer.clear();
      intake?.cancelDelay?.();
      return free(intake?.bytes ?? 0);
    },
    blocked: () => free(0),
  };
}
