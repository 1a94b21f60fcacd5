import type { Stretch } from "./inherited.ts";
import { createInherited } from "./inherited.ts";
import type { OffsetMap } from "./offset-map.ts";
import { encodeOffsetMap, minMapLength } from "./offset-map.ts";
import type { Ticket } from "./tickets.ts";
import { createTickets } from "./tickets.ts";

/** What one commit says. */
export interface Position {
  readonly offset: bigint;
  /** The map of what is done above the offset; empty: nothing is. Undefined: no map is kept, or it is too long. */
  readonly metadata: string | undefined;
  /** How many admitted records it keeps from being repeated. */
  readonly covers: number;
}

/** Which offsets of one assignment are done. Only the contiguous part below the watermark is ever committed. */
export interface OffsetTracker {
  /** Tickets come in the order of their offsets. */
  admit(ticket: Ticket): void;
  complete(ticket: Ticket): void;
  /** Offsets below `next` that were never delivered (compacted, control records, aborted) count as completed. */
  cover(next: bigint): void;
  /** Lowest offset that is not completed; undefined before anything was read. */
  watermark(): bigint | undefined;
  /** Offset of the first delivered record: a watermark there says nothing new. */
  start(): bigint | undefined;
  /** The offset was completed under an earlier assignment. Asked in the order of offsets. */
  isInherited(offset: bigint): boolean;
  /** Behind the highest offset that was completed under an earlier assignment; undefined: nothing of it lies ahead. */
  inheritedTo(): bigint | undefined;
  /** What was completed under an earlier assignment belongs to another log. */
  disown(): void;
  /** False: the next record has to wait until more is done, or committed. */
  hasRoom(offset: bigint, maxWindow: number): boolean;
  /** Completions since the last `take`. */
  completions(): number;
  /** Resets the count of completions and gives what to commit; `isPlain`: without a map. */
  take(isPlain?: boolean): Position | undefined;
  /** The position was committed. */
  confirm(position: Position): void;
  /** The broker keeps no more than this. */
  limitMap(maxLength: number): void;
  /** Records that were admitted and that no commit covers: what a crash of this moment could repeat. */
  uncommitted(): number;
}

/** `maxMapLength` 0: no map is kept, and the window bounds how far records run ahead of the watermark. */
export function createOffsetTracker(maxMapLength = 0, map?: OffsetMap): OffsetTracker {
  const tickets = createTickets();
  const room = createMapRoom(maxMapLength);
  let inherited = map && createInherited(map);
  // Behind what was done before and has been read since.
  let readTo = 0n;
  let position: bigint | undefined;
  let start: bigint | undefined;
  let admitted = 0;
  let completed = 0;
  let taken = 0;
  let confirmed = 0;

  const watermark = (): bigint | undefined => {
    const lowest = tickets.lowest();
    if (lowest) return lowest.offset;
    return position === undefined ? undefined : (inherited?.nextIncomplete(position) ?? position);
  };
  const cover = (next: bigint): void => {
    if (position === undefined || next > position) position = next;
  };
  const uncommitted = (): number => admitted - confirmed;
  // What the map would be with the next record done and no other.
  const toLongest = (): string => toMetadata((position ?? 0n) + 1n);
  const completedTo = (): bigint =>
    [tickets.highestCompleted() + 1n, inherited?.end ?? 0n].reduce(later, readTo);
  const toMetadata = (end: bigint): string => {
    const base = watermark() ?? 0n;
    if (end <= base) return "";
    const own = tickets.unfinished(end).map(({ offset }) => ({ from: offset, to: offset + 1n }));
    const before = inherited?.unfinished(position ?? base) ?? [];
    return encodeOffsetMap({ base, runs: toRuns(base, [...own, ...before], end) });
  };

  return {
    admit(ticket) {
      tickets.add(ticket);
      ticket.ordinal = admitted++;
      start ??= ticket.offset;
      cover(ticket.offset + 1n);
    },
    complete(ticket) {
      if (ticket.isCompleted) return;
      ticket.isCompleted = true;
      completed++;
      tickets.pass(ticket);
    },
    cover,
    watermark,
    start: () => start,
    isInherited(offset) {
      if (inherited === undefined) return false;
      if (offset < inherited.end) return inherited.isCompleted(offset);
      readTo = inherited.end;
      inherited = undefined;
      return false;
    },
    inheritedTo: () => inherited?.end,
    disown() {
      inherited = undefined;
    },
    hasRoom(offset, maxWindow) {
      if (uncommitted() > maxWindow) return false;
      if (room.limit() === 0) return offset - (watermark() ?? offset) <= maxWindow;
      // What lies below the highest completed offset adds nothing to the map.
      return inherited !== undefined || !room.isFull(admitted, completed, toLongest);
    },
    completions: () => completed - taken,
    take(isPlain = false) {
      const offset = watermark();
      if (offset === undefined) return undefined;
      taken = completed;
      const limit = isPlain ? 0 : room.limit();
      const metadata = limit > 0 ? toMetadata(completedTo()) : undefined;
      if (metadata !== undefined && metadata.length <= limit) return { offset, metadata, covers: completed };
      return { offset, metadata: undefined, covers: tickets.lowest()?.ordinal ?? admitted };
    },
    confirm({ covers }) {
      confirmed = covers;
    },
    limitMap: room.lower,
    uncommitted,
  };
}

/** How long the map may be, and whether it is about to be. */
interface MapRoom {
  limit(): number;
  /** So near to its limit that nothing new is to be admitted: the rest is for what goes on. */
  isFull(admitted: number, completed: number, toLongest: () => string): boolean;
  lower(limit: number): void;
}

const fullAt = 0.75;
/** Unfinished records for each character of the limit: fewer never fill it, so the map need not be made to see. */
const roomPerCharacter = 0.09;
const lookEvery = 128;

function createMapRoom(maxLength: number): MapRoom {
  let limit = maxLength;
  let isFull = false;
  let lookedAt = 0;
  return {
    limit: () => limit,
    isFull(admitted, completed, toLongest) {
      const changes = admitted + completed - lookedAt;
      const isMany = admitted - completed > limit * roomPerCharacter;
      if (isFull ? changes > 0 : isMany && changes >= lookEvery) {
        lookedAt = admitted + completed;
        isFull = toLongest().length >= fullAt * limit;
      }
      return isFull;
    },
    lower(given) {
      limit = given < minMapLength ? 0 : Math.min(limit, given);
    },
  };
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

// What is not unfinished below `end` is done.
function toRuns(base: bigint, unfinished: readonly Stretch[], end: bigint): number[] {
  const runs: number[] = [];
  let at = base;
  let stretch = 0;
  for (const { from, to } of unfinished) {
    if (from >= end) break;
    if (from > at) {
      runs.push(stretch, Number(from - at));
      stretch = 0;
    }
    stretch += Number(to - from);
    at = to;
  }
  return [...runs, stretch, Number(end - at)];
}
