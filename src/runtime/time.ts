/** Epoch milliseconds of a Protobuf timestamp; undefined when it is not set. */
export function timestampMs(
  timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined,
): number | undefined {
  return timestamp && Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

/** Epoch milliseconds of a count of finer units since the epoch; undefined when it is not set. */
export function millisecondsOf(count: bigint | null | undefined, unitsPerMs: bigint): number | undefined {
  if (count === undefined || count === null) return undefined;
  // Rounds towards the past before the epoch too, as the clock does.
  return Number((count - (((count % unitsPerMs) + unitsPerMs) % unitsPerMs)) / unitsPerMs);
}
