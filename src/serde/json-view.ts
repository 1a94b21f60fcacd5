const mask = "[redacted]";
const deepest = 100;

/**
 * A value as plain JSON for people: 64-bit integers as text, times as RFC 3339, durations in seconds, bytes as base64,
 * sensitive fields masked.
 * Takes anything, also what no schema describes, since it shows values that could not be encoded.
 */
export function toJsonView(value: unknown, sensitive: readonly string[]): unknown {
  return view(
    value,
    sensitive.map((path) => path.split(".")),
    [],
  );
}

type Paths = readonly (readonly string[])[];

function view(value: unknown, masks: Paths, above: readonly unknown[]): unknown {
  if (masks.some((path) => path.length === 0)) return value === undefined ? undefined : mask;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  const time = toTimeText(value);
  if (time !== undefined) return time;
  // A value that holds itself or is nested without end has no JSON.
  if (above.includes(value) || above.length >= deepest) return null;
  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item) => view(item, masks, path) ?? null);
  const shown: Record<string, unknown> = {};
  for (const [name, member] of value instanceof Map ? value : Object.entries(value)) {
    const key = String(name);
    if (key.startsWith("$")) continue;
    // Members called `__proto__` stay ordinary members.
    Object.defineProperty(shown, key, {
      value: view(member, masksBelow(value, key, masks), path),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return shown;
}

/** Entries of maps, and unions that carry their kind beside the value, are no step of a path. */
function masksBelow(parent: object, key: string, masks: Paths): Paths {
  return masks.flatMap((steps) => {
    const [first = ""] = steps;
    if (first === key) return [steps.slice(1)];
    const isNamed = parent instanceof Map ? parent.has(first) : Object.hasOwn(parent, first);
    return isNamed ? [] : [steps];
  });
}

/** Protobuf's times as its JSON mapping writes them; undefined for anything else, and for times out of range. */
function toTimeText(value: object): string | undefined {
  const name: unknown = "$typeName" in value ? value.$typeName : undefined;
  if (name !== "google.protobuf.Timestamp" && name !== "google.protobuf.Duration") return undefined;
  const { seconds, nanos } = value as { readonly seconds: unknown; readonly nanos: unknown };
  if (typeof seconds !== "bigint" || typeof nanos !== "number" || !Number.isInteger(nanos)) return undefined;
  const fraction =
    nanos === 0
      ? ""
      : `.${String(Math.abs(nanos))
          .padStart(9, "0")
          .replace(/(000){1,2}$/, "")}`;
  if (name === "google.protobuf.Duration") {
    const sign = seconds < 0n || nanos < 0 ? "-" : "";
    return `${sign}${seconds < 0n ? -seconds : seconds}${fraction}s`;
  }
  const date = new Date(Number(seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(".000", fraction);
}
