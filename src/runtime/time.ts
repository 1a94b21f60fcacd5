/** Epoch milliseconds of a Protobuf timestamp; undefined when it is not set. */
export function timestampMs(
  timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined,
): number | undefined {
  return timestamp && Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}
