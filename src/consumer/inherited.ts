import type { OffsetMap } from "./offset-map.ts";

/** Offsets in a row, `to` excluded. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** What an earlier assignment had done above the offset that it committed. Asked in the order of offsets. */
export interface Inherited {
  /** Behind the highest that was completed. */
  readonly end: bigint;
  isCompleted(offset: bigint): boolean;
  /** The lowest offset from this one on that was not completed. */
  nextIncomplete(offset: bigint): bigint;
  /** What was not completed from `offset` on. */
  unfinished(offset: bigint): Stretch[];
}

export function createInherited({ base, runs }: OffsetMap): Inherited {
  const stretches: Stretch[] = [];
  let end = base;
  for (const [index, run] of runs.entries()) {
    const from = end;
    end += BigInt(run);
    if (index % 2 === 0) stretches.push({ from, to: end });
  }
  // The first stretch that does not lie behind what was asked for.
  let cursor = 0;
  const nextIncomplete = (offset: bigint): bigint => {
    for (let stretch = stretches[cursor]; stretch; stretch = stretches[++cursor])
      if (stretch.to > offset) return stretch.from > offset ? stretch.from : offset;
    return end > offset ? end : offset;
  };
  return {
    end,
    isCompleted: (offset) => offset >= base && nextIncomplete(offset) > offset,
    nextIncomplete,
    unfinished: (offset) =>
      stretches
        .slice(cursor)
        .flatMap(({ from, to }) => (to > offset ? { from: from > offset ? from : offset, to } : [])),
  };
}
