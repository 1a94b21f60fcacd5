const units: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Milliseconds of a duration such as `200ms`, `1.5s`, `5m`, `1h`, `7d`, or of a plain number; undefined when it is none. */
export function toDurationMs(written: string | number): number | undefined {
  if (typeof written === "number") return Number.isFinite(written) && written >= 0 ? written : undefined;
  const [, amount, unit = "ms"] = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)?$/.exec(written.trim()) ?? [];
  if (amount === undefined) return undefined;
  const ms = Number(amount) * (units.get(unit) ?? 1);
  return Number.isSafeInteger(ms) ? ms : undefined;
}
